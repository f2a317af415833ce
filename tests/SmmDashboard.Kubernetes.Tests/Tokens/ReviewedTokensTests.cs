using SmmAgent.Contract;
using SmmDashboard.Http;
using SmmDashboard.Kubernetes.Tests.Running;

namespace SmmDashboard.Kubernetes.Tests.Tokens;

/// <summary>Tokens of a real API server, reviewed by it.</summary>
public sealed class ReviewedTokensTests(RunningApiServer server)
{
    private const string Reviews = "/apis/authentication.k8s.io/v1/tokenreviews";

    [Fact]
    public async Task DashboardTokenOpensTheGroupsOfItsAccount()
    {
        using var accounts = await TestAccounts.StartAsync(server);
        await accounts.CreateSecretAsync("vm1");

        var accepted = await accounts.AcceptedAsync(await accounts.TokenAsync(secret: "vm1"));

        Assert.Equal([accounts.Group.Id], accepted.Opens);
        Assert.Equal([accounts.Namespace], accepted.Namespaces);
        var owner = accepted.Owner!;
        Assert.Equal(accounts.Account, owner.Account);
        Assert.Equal(("vm1", await accounts.UidAsync("secrets", "vm1")), (owner.SecretName, owner.SecretUid));
        Assert.Equal(await accounts.UidAsync("serviceaccounts", "vms"), owner.AccountUid);
        Assert.InRange(owner.ExpiresAt!.Value - accounts.Time.GetUtcNow(), TimeSpan.FromMinutes(58), TimeSpan.FromMinutes(61));
    }

    [Fact]
    public async Task UnboundTokenHasNoSecret()
    {
        using var accounts = await TestAccounts.StartAsync(server);

        Assert.Null((await accounts.AcceptedAsync(await accounts.TokenAsync())).Owner!.SecretName);
    }

    [Fact]
    public async Task KnownTokenOpensLaterGroups()
    {
        using var accounts = await TestAccounts.StartAsync(server);
        var token = await accounts.TokenAsync();
        await accounts.AcceptedAsync(token);

        accounts.Mesh.Replace(accounts.Mesh.Settings, []);

        Assert.Empty((await accounts.AcceptedAsync(token)).Opens);
    }

    [Fact]
    public async Task ApiServerTokenIsRefusedWithTheReasonAndTheCreateCommand()
    {
        using var accounts = await TestAccounts.StartAsync(server);

        var refused = await accounts.RefusedAsync(await accounts.TokenAsync(TestAccounts.ApiAudience));

        Assert.Equal(ProblemReasons.TokenAudience, refused.Reason);
        Assert.Equal(
            "TokenReview: token audiences [\"https://kubernetes.default.svc\"] is invalid for the target audiences [\"smm-dashboard\"]; "
            + $"make one: kubectl -n {accounts.Namespace} create token vms --audience smm-dashboard --bound-object-kind Secret "
            + "--bound-object-name SECRET",
            refused.Detail);
    }

    [Fact]
    public async Task AllowedApiServerTokenIsAcceptedAndLoggedOnce()
    {
        using var accounts = await TestAccounts.StartAsync(server, options: new(AcceptApiServerTokens: true));

        for (var i = 0; i < 2; i++)
            Assert.Equal([accounts.Group.Id], (await accounts.AcceptedAsync(await accounts.TokenAsync(TestAccounts.ApiAudience))).Opens);

        var line = Assert.Single(accounts.ReviewLog.Lines);
        Assert.StartsWith($"Warning: A VM of the service account {accounts.Namespace}/vms presents a token for the API server", line,
            StringComparison.Ordinal);
        Assert.Contains("this token also opens the Kubernetes API", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SecretTokenWithoutExpiryIsAnApiServerToken()
    {
        using var accounts = await TestAccounts.StartAsync(server, options: new(AcceptApiServerTokens: true));
        using var strict = await TestAccounts.StartAsync(server);
        var uid = await accounts.UidAsync("serviceaccounts", "vms");
        var token = server.SignedToken($$"""
            {"iss":"kubernetes/serviceaccount","sub":"system:serviceaccount:{{accounts.Namespace}}:vms",
             "kubernetes.io/serviceaccount/namespace":"{{accounts.Namespace}}","kubernetes.io/serviceaccount/secret.name":"long-lived",
             "kubernetes.io/serviceaccount/service-account.name":"vms","kubernetes.io/serviceaccount/service-account.uid":"{{uid}}"}
            """);
        await server.AdminAsync(HttpMethod.Post, $"api/v1/namespaces/{accounts.Namespace}/secrets", $$"""
            {apiVersion: v1, kind: Secret, type: kubernetes.io/service-account-token, stringData: {token: "{{token}}"},
             metadata: {name: long-lived, annotations: {kubernetes.io/service-account.name: vms, kubernetes.io/service-account.uid: "{{uid}}"} } }
            """);

        var owner = (await accounts.AcceptedAsync(token)).Owner!;

        Assert.Equal((accounts.Account, "long-lived", null), (owner.Account, owner.SecretName, owner.ExpiresAt));
        Assert.Equal(ProblemReasons.TokenAudience, (await strict.RefusedAsync(token)).Reason);
    }

    [Fact]
    public async Task UserTokenIsNotAServiceAccountToken()
    {
        await using var proxy = await StartProxyAsync();
        using var accounts = await TestAccounts.StartAsync(server, proxy.Address);
        proxy.AnswerNext(IsReview, 201,
            """{"status":{"authenticated":true,"audiences":["smm-dashboard"],"user":{"username":"jane@example.com"}}}""");

        var refused = await accounts.RefusedAsync(await accounts.TokenAsync());

        Assert.StartsWith("the token is of the user jane@example.com, not of a service account; make one: kubectl", refused.Detail,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"status":{"authenticated":true,"user":{"username":"system:serviceaccount:a:b"}}}""")]
    [InlineData("""{"status":{"authenticated":true,"audiences":["other"],"user":{"username":"system:serviceaccount:a:b"}}}""")]
    [InlineData("""{"status":{"authenticated":false,"audiences":["smm-dashboard"],"user":{"username":"system:serviceaccount:a:b"}}}""")]
    [InlineData("""{"status":{}}""")]
    [InlineData("{}")]
    public async Task AnswerWithoutTheAudienceIsARefusal(string answer)
    {
        await using var proxy = await StartProxyAsync();
        using var accounts = await TestAccounts.StartAsync(server, proxy.Address);
        proxy.AnswerNext(IsReview, 201, answer);

        await accounts.RefusedAsync(await accounts.TokenAsync());
    }

    [Fact]
    public async Task AuthenticatorMessageIsShortenedAndPrintable()
    {
        await using var proxy = await StartProxyAsync();
        using var accounts = await TestAccounts.StartAsync(server, proxy.Address);
        proxy.AnswerNext(IsReview, 201, $$$"""{"status":{"error":"no\n\u001b[31m {{{new string('x', 5000)}}}"}}""");

        var detail = (await accounts.RefusedAsync(await accounts.TokenAsync())).Detail;

        Assert.InRange(detail.Length, 100, 400);
        Assert.DoesNotContain(detail, char.IsControl);
    }

    [Fact]
    public async Task ExpiredTokenIsRefusedByDashboardAndApiServer()
    {
        await using var proxy = await StartProxyAsync();
        using var accounts = await TestAccounts.StartAsync(server, proxy.Address);
        var now = accounts.Time.GetUtcNow().ToUnixTimeSeconds();
        var token = server.SignedToken($$"""
            {"iss":"https://kubernetes.default.svc","aud":["smm-dashboard"],"sub":"system:serviceaccount:{{accounts.Namespace}}:vms",
             "iat":{{now - 7200}},"nbf":{{now - 7200}},"exp":{{now - 600}},"kubernetes.io":{"namespace":"{{accounts.Namespace}}",
             "serviceaccount":{"name":"vms","uid":"{{await accounts.UidAsync("serviceaccounts", "vms")}}"} } }
            """);

        Assert.Equal(ProblemReasons.TokenExpired, (await accounts.RefusedAsync(token)).Reason);
        Assert.Empty(proxy.Requests);

        // A dashboard whose clock is late leaves it to the API server.
        using var late = await TestAccounts.StartAsync(server, proxy.Address, time: accounts.Time.GetUtcNow().AddHours(-1));
        var refused = await late.RefusedAsync(token);
        Assert.Equal(ProblemReasons.TokenExpired, refused.Reason);
        Assert.StartsWith("TokenReview: ", refused.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("opaque")]
    [InlineData("a.b")]
    [InlineData("a..c")]
    [InlineData("a.b.c.d")]
    public async Task OtherTokensDoNotReachTheApiServer(string token)
    {
        await using var proxy = await StartProxyAsync();
        using var accounts = await TestAccounts.StartAsync(server, proxy.Address);

        Assert.Equal(ProblemReasons.TokenMalformed, (await accounts.RefusedAsync(token)).Reason);
        Assert.Equal(ProblemReasons.TokenMalformed, (await accounts.RefusedAsync($"a.{new string('b', 8 * 1024)}.c")).Reason);
        Assert.Empty(proxy.Requests);
    }

    [Fact]
    public async Task MissingReviewRightRefusesNoTokenAndTheLogNamesTheRule()
    {
        using var accounts = await TestAccounts.StartAsync(server, clientToken: RunningApiServer.DashboardToken);
        var token = await accounts.TokenAsync();

        for (var i = 0; i < 2; i++)
        {
            var unavailable = await Assert.ThrowsAsync<UnavailableException>(() => accounts.ValidateAsync(token).AsTask());
            Assert.Equal("the dashboard may not check tokens: its log names the missing right", unavailable.Message);
        }

        Assert.Equal(
            [
                "Error: Cannot review the tokens of agents: create tokenreviews.authentication.k8s.io is forbidden to "
                    + "system:serviceaccount:smm:smm-dashboard: "
                + "grant it with a Role or ClusterRole; the ClusterRole needs {apiGroups: [authentication.k8s.io], resources: "
                + "[tokenreviews], verbs: [create]}",
            ],
            accounts.ReviewLog.Lines);
    }

    private static bool IsReview(string request) => request == Reviews;

    private async Task<FaultProxy> StartProxyAsync()
    {
        await server.RequireAsync();
        return await FaultProxy.StartAsync(server);
    }
}
