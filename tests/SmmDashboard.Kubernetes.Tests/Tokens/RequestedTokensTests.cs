using SmmAgent.Contract;
using SmmAgent.Core.Tokens;
using SmmDashboard.Access;
using SmmDashboard.Http;
using SmmDashboard.Kubernetes.Tests.Running;
using SmmDashboard.Kubernetes.Tokens;

namespace SmmDashboard.Kubernetes.Tests.Tokens;

/// <summary>Tokens that a real API server makes: for sidecars, and for agents whose own one ends.</summary>
public sealed class RequestedTokensTests(RunningApiServer server)
{
    [Theory]
    [InlineData(DashboardApi.SidecarAudience)]
    [InlineData("mesh.example.com")]
    public async Task SidecarTokenIsValidForAnHourAndTheControlPlaneAudience(string audience)
    {
        using var accounts = await TestAccounts.StartAsync(server);

        var made = await new RequestedTokens(accounts.Requester).MakeAsync(
            accounts.Group with { SidecarAudience = audience }, TestContext.Current.CancellationToken);

        var claims = TokenClaims.Read(made.Token)!;
        Assert.Equal([audience], claims.Audiences);
        Assert.Equal((accounts.Namespace, "vms"), (claims.Namespace, claims.ServiceAccount));
        Assert.Equal(claims.Expires, made.ExpirationTimestamp);
        Assert.Equal(TimeSpan.FromHours(1), claims.Expires - claims.IssuedAt);
        Assert.Equal(ProblemReasons.TokenAudience, (await accounts.RefusedAsync(made.Token)).Reason);
    }

    [Fact]
    public async Task MissingAccountIsReportedWithTheCreateCommand()
    {
        using var accounts = await TestAccounts.StartAsync(server);
        await accounts.DeleteAccountAsync();

        var unavailable = await Assert.ThrowsAsync<UnavailableException>(
            () => new RequestedTokens(accounts.Requester).MakeAsync(accounts.Group, TestContext.Current.CancellationToken).AsTask());

        Assert.Equal(
            $"service account {accounts.Namespace}/vms does not exist: kubectl -n {accounts.Namespace} create serviceaccount vms",
            unavailable.Message);
    }

    [Fact]
    public async Task MissingRightIsLoggedAndARoleForTheOneAccountSuffices()
    {
        using var accounts = await TestAccounts.StartAsync(server, clientToken: RunningApiServer.DashboardToken);
        var tokens = new RequestedTokens(accounts.Requester);
        var unavailable = await Assert.ThrowsAsync<UnavailableException>(
            () => tokens.MakeAsync(accounts.Group, TestContext.Current.CancellationToken).AsTask());

        Assert.Equal(
            $"the dashboard may not make a token of the service account {accounts.Namespace}/vms: its log has the reason",
            unavailable.Message);
        Assert.Equal(
            $"Error: Cannot create a token for the service account {accounts.Namespace}/vms: create serviceaccounts/token "
                + $"{accounts.Namespace}/vms is forbidden to "
            + "system:serviceaccount:smm:smm-dashboard: grant it with a Role or ClusterRole; "
            + $"the Role in namespace {accounts.Namespace} needs {{apiGroups: [\"\"], resources: [serviceaccounts/token], resourceNames: "
            + "[vms], verbs: [create]}",
            Assert.Single(accounts.RequestLog.Lines));

        var rbac = $"apis/rbac.authorization.k8s.io/v1/namespaces/{accounts.Namespace}";
        await server.AdminAsync(HttpMethod.Post, $"{rbac}/roles", """
            {apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: tokens},
             rules: [{apiGroups: [""], resources: [serviceaccounts/token], resourceNames: [vms], verbs: [create]}]}
            """);
        await server.AdminAsync(HttpMethod.Post, $"{rbac}/rolebindings", $$"""
            {apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: tokens}, roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: tokens},
             subjects: [{kind: User, apiGroup: rbac.authorization.k8s.io, name: "{{RunningApiServer.DashboardUser}}"}]}
            """);
        await Until.TrueAsync(
            () =>
            {
                try
                {
                    return tokens.MakeAsync(accounts.Group, TestContext.Current.CancellationToken).AsTask().GetAwaiter()
                        .GetResult().Token.Length > 0;
                }
                catch (UnavailableException)
                {
                    return false; // The role is not in force yet.
                }
            },
            "the role is enough");
    }

    [Fact]
    public async Task RenewedTokenIsForTheDashboardAndBoundToTheSameSecret()
    {
        using var accounts = await TestAccounts.StartAsync(server);
        await accounts.CreateSecretAsync("vm1");
        var owner = (await accounts.AcceptedAsync(await accounts.TokenAsync(secret: "vm1"))).Owner!;

        var (made, problem) = await RenewAsync(accounts, owner);

        Assert.Null(problem);
        var claims = TokenClaims.Read(made!.Token)!;
        Assert.Equal([TestAccounts.Audience], claims.Audiences);
        Assert.Equal(TimeSpan.FromDays(1), claims.Expires - claims.IssuedAt);
        Assert.Equal(claims.Expires, made.ExpirationTimestamp);
        var renewed = (await accounts.AcceptedAsync(made.Token)).Owner!;
        Assert.Equal((owner.SecretName, owner.SecretUid, owner.Account), (renewed.SecretName, renewed.SecretUid, renewed.Account));
        Assert.NotNull((await RenewAsync(accounts, renewed)).Token);
    }

    [Fact]
    public async Task ApiServerTokenIsRenewedAsADashboardToken()
    {
        using var accounts = await TestAccounts.StartAsync(server, options: new(AcceptApiServerTokens: true));
        await accounts.CreateSecretAsync("vm1");
        var owner = (await accounts.AcceptedAsync(await accounts.TokenAsync(TestAccounts.ApiAudience, "vm1"))).Owner!;

        Assert.Equal([TestAccounts.Audience], TokenClaims.Read((await RenewAsync(accounts, owner)).Token!.Token)!.Audiences);
    }

    [Fact]
    public async Task IrrevocableTokenIsNotRenewed()
    {
        using var accounts = await TestAccounts.StartAsync(server);
        var owner = (await accounts.AcceptedAsync(await accounts.TokenAsync())).Owner!;

        var (made, problem) = await RenewAsync(accounts, owner);

        Assert.Null(made);
        Assert.Equal((409, ProblemCodes.TokenNotRenewable), (problem!.Status, problem.Code));
        Assert.EndsWith(
            $"make one: kubectl -n {accounts.Namespace} create token vms --audience smm-dashboard --bound-object-kind Secret "
                + "--bound-object-name SECRET",
            problem.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task TokenOfADeletedSecretIsNotRenewedEvenIfTheNameIsReused(bool isMadeAnew)
    {
        using var accounts = await TestAccounts.StartAsync(server);
        await accounts.CreateSecretAsync("vm1");
        var owner = (await accounts.AcceptedAsync(await accounts.TokenAsync(secret: "vm1"))).Owner!;
        await accounts.DeleteSecretAsync("vm1");
        if (isMadeAnew)
            await accounts.CreateSecretAsync("vm1");

        var (made, problem) = await RenewAsync(accounts, owner);

        Assert.Null(made);
        Assert.Equal((401, ProblemReasons.TokenRevoked), (problem!.Status, problem.Reason));
    }

    [Fact]
    public async Task TokenIsNotRenewedForAnotherAccountWithTheSameName()
    {
        using var accounts = await TestAccounts.StartAsync(server);
        await accounts.CreateSecretAsync("vm1");
        var owner = (await accounts.AcceptedAsync(await accounts.TokenAsync(secret: "vm1"))).Owner!;
        await accounts.DeleteAccountAsync();
        await accounts.CreateAccountAsync();

        var (made, problem) = await RenewAsync(accounts, owner);

        Assert.Null(made);
        Assert.Equal((401, ProblemReasons.TokenRevoked), (problem!.Status, problem.Reason));
    }

    private static async Task<(TokenResponse? Token, ApiProblem? Problem)> RenewAsync(TestAccounts accounts, TokenOwner owner) =>
        await accounts.Renewals.RenewAsync(owner, TestContext.Current.CancellationToken);
}
