using System.Net;
using SmmDashboard.Access;
using SmmDashboard.Admin.Viewers;
using SmmDashboard.Startup;
using SmmDashboard.Tests.Running;

namespace SmmDashboard.Tests.Admin;

/// <summary>Tokens and sessions of the admin listener, with viewers that the test chooses.</summary>
public sealed class SignInTests
{
    private const string Good = TestViewers.Good;

    [Fact]
    public async Task WithoutATokenApiAnswers401AndPagesLeadToTheSignIn()
    {
        await using var dashboard = await StartAsync();
        Assert.Equal(HttpStatusCode.Unauthorized, (await AdminPagesTests.GetAsync(dashboard, "/v1/machines")).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await AdminPagesTests.GetAsync(dashboard, "/v1/events")).Status);
        var page = await AdminPagesTests.GetAsync(dashboard, "/machines");
        Assert.Equal((HttpStatusCode.Found, "/sign-in"), (page.Status, page.Headers["Location"]));
        Assert.Contains("type=\"submit\"", (await AdminPagesTests.GetAsync(dashboard, "/sign-in")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SignInSetsACookieThatOnlyThisOriginSendsAndSignOutEndsIt()
    {
        await using var dashboard = await StartAsync();
        var signedIn = await PostAsync(dashboard, "/sign-in", Good);
        Assert.Equal(HttpStatusCode.SeeOther, signedIn.Status);
        var cookie = signedIn.Headers["Set-Cookie"];
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=strict", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(Good, cookie, StringComparison.Ordinal);

        var session = cookie.Split(';')[0];
        Assert.Equal(HttpStatusCode.OK, (await GetAsync(dashboard, "/machines", session)).Status);
        await PostAsync(dashboard, "/sign-out", "", session);
        Assert.Equal(HttpStatusCode.Found, (await GetAsync(dashboard, "/machines", session)).Status);
    }

    [Fact]
    public async Task RefusedTokenSetsNoCookieAndIsNotShown()
    {
        await using var dashboard = await StartAsync();
        foreach (var token in (string[])["another-token", "", "<script>", new string('a', 13_000)])
        {
            var answer = await PostAsync(dashboard, "/sign-in", token);
            Assert.Equal(HttpStatusCode.Unauthorized, answer.Status);
            Assert.False(answer.Headers.ContainsKey("Set-Cookie"));
            Assert.True(token.Length == 0 || !answer.Text.Contains(token, StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task FormOfAnotherOriginIsRefused()
    {
        await using var dashboard = await StartAsync();
        foreach (var (name, value) in ((string, string)[])[
            ("Origin", "https://attacker.example.com"), ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Site", "same-site")])
        {
            var answer = await PostAsync(dashboard, "/sign-in", Good, headers: (name, value));
            Assert.Equal(HttpStatusCode.Forbidden, answer.Status);
        }
    }

    [Fact]
    public async Task ViewerSeesOnlyItsNamespaces()
    {
        await using var dashboard = await StartAsync();
        await AdminPagesTests.ReportAsync(dashboard, new TestAgent(), "vm-1", "PortsOpen", "True", "Open");
        await Until.TrueAsync(
            async () => (await GetAsync(dashboard, "/v1/machines", null, Good)).Text.Contains("vm-1", StringComparison.Ordinal),
            "it is shown");

        var none = await GetAsync(dashboard, "/v1/machines", null, TestViewers.WithoutRights);
        Assert.Equal(0, none.Json.GetProperty("total").GetInt32());
        foreach (var path in (string[])["/v1/machines/vm-integration/analytics-v0/vm-1", "/v1/groups/vm-integration/analytics-v0"])
            Assert.Equal(HttpStatusCode.NotFound, (await GetAsync(dashboard, path, null, TestViewers.WithoutRights)).Status);
        Assert.Empty((await GetAsync(dashboard, "/v1/groups", null, TestViewers.WithoutRights)).Json.GetProperty("items").EnumerateArray());
        Assert.Empty((await GetAsync(dashboard, "/v1/mesh", null, TestViewers.WithoutRights)).Json.GetProperty("controlPlanes")
            .EnumerateArray());
    }

    [Fact]
    public async Task ManyRefusedTokensAreAnswered429WhileAKnownViewerIsServed()
    {
        await using var dashboard = await StartAsync();
        HttpStatusCode last = default;
        for (var i = 0; i < 60 && last != HttpStatusCode.TooManyRequests; i++)
            last = (await GetAsync(dashboard, "/v1/machines", null, $"guess-{i}")).Status;
        Assert.Equal(HttpStatusCode.TooManyRequests, last);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync(dashboard, "/v1/machines", null, Good)).Status);
    }

    [Fact]
    public void SessionsAreBoundedAndEndWithTime()
    {
        var clock = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        var sessions = new Sessions(clock);
        var first = sessions.Begin(new PresentedToken("a"));
        for (var i = 0; i < Sessions.MaximumSessions; i++)
        {
            clock.Advance(TimeSpan.FromMilliseconds(1));
            sessions.Begin(new PresentedToken($"{i}"));
        }

        Assert.Equal(Sessions.MaximumSessions, sessions.Count);
        Assert.Null(sessions.Find(first));
        var last = sessions.Begin(new PresentedToken("last"));
        Assert.NotNull(sessions.Find(last));
        clock.Advance(Sessions.Lifetime);
        Assert.Null(sessions.Find(last));
    }

    [Fact]
    public async Task ManyRefusedTokensDoNotLockOutASession()
    {
        var clock = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        await using var dashboard = await RunningDashboard.StartAsync(
            new() { HasAdmin = true, Seams = new DashboardTestHooks { Viewers = new TestViewers(), Clock = clock } });
        var session = (await PostAsync(dashboard, "/sign-in", TestViewers.Other)).Headers["Set-Cookie"].Split(';')[0];
        for (var i = 0; i < 110; i++)
            await GetAsync(dashboard, "/v1/machines", null, $"guess-{i}");
        Assert.Equal(HttpStatusCode.TooManyRequests, (await GetAsync(dashboard, "/v1/machines", null, TestViewers.Other)).Status);

        Assert.Equal(HttpStatusCode.OK, (await GetAsync(dashboard, "/machines", session)).Status);
    }

    [Fact]
    public async Task AccountWithoutRightsCannotSignInAndLearnsTheFix()
    {
        await using var dashboard = await StartAsync();
        var answer = await PostAsync(dashboard, "/sign-in", TestViewers.WithoutRights);
        Assert.Equal(HttpStatusCode.Forbidden, answer.Status);
        Assert.False(answer.Headers.ContainsKey("Set-Cookie"));
        Assert.Contains("bind it to a ClusterRole", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ViewerOfMachinesOnlySeesNothingOfTheGroupOnAMachine()
    {
        await using var dashboard = await StartAsync();
        await AdminPagesTests.ReportAsync(dashboard, new TestAgent(), "vm-1", "PortsOpen", "True", "Open");
        const string Machine = "machines/vm-integration/analytics-v0/vm-1";
        await Until.TrueAsync(
            async () => (await GetAsync(dashboard, $"/v1/{Machine}", null, Good)).Status == HttpStatusCode.OK, "it is shown");
        var all = (await GetAsync(dashboard, $"/v1/{Machine}", null, Good)).Json;
        Assert.NotEmpty(all.GetProperty("gateways").EnumerateArray());
        Assert.True(all.GetProperty("ports").GetArrayLength() > 2);

        var part = (await GetAsync(dashboard, $"/v1/{Machine}", null, TestViewers.MachinesOnly)).Json;
        Assert.Empty(part.GetProperty("gateways").EnumerateArray());
        Assert.Equal(2, part.GetProperty("ports").GetArrayLength());
        var page = (await GetAsync(dashboard, $"/{Machine}", null, TestViewers.MachinesOnly)).Text;
        Assert.Contains("You need the right to get workloadgroups.networking.istio.io", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CookieOfTlsIsBoundToTheHost()
    {
        await using var dashboard = await RunningDashboard.StartAsync(
            new() { HasAdmin = true, IsAdminTls = true, Seams = new DashboardTestHooks { Viewers = new TestViewers() } });
        using var client = new HttpClient(new SocketsHttpHandler
        {
            UseProxy = false, UseCookies = false, AllowAutoRedirect = false,
            SslOptions = new()
            {
                RemoteCertificateValidationCallback = (_, certificate, _, _) =>
                    certificate?.GetCertHashString() == TestCertificate.Any.Thumbprint,
            },
        });
        using var form = new FormUrlEncodedContent([new("token", Good)]);
        using var signedIn = await client.PostAsync(
            new Uri(dashboard.AdminAddress, "/sign-in"), form, TestContext.Current.CancellationToken);
        var cookie = signedIn.Headers.GetValues("Set-Cookie").Single();
        Assert.StartsWith("__Host-", cookie, StringComparison.Ordinal);
        Assert.Contains("; secure", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("; path=/;", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("domain=", cookie, StringComparison.OrdinalIgnoreCase);

        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(dashboard.AdminAddress, "/machines"));
        request.Headers.TryAddWithoutValidation("Cookie", cookie.Split(';')[0]);
        using var page = await client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
    }

    [Fact]
    public void OneTokenEndsOnlyItsOwnSessions()
    {
        var clock = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        var sessions = new Sessions(clock);
        var other = sessions.Begin(new PresentedToken("other"));
        var own = new List<string>();
        for (var i = 0; i <= Sessions.MaximumSessions; i++)
        {
            clock.Advance(TimeSpan.FromMilliseconds(1));
            own.Add(sessions.Begin(new PresentedToken("own")));
        }

        Assert.NotNull(sessions.Find(other));
        Assert.Equal(Sessions.MaximumSessionsPerToken + 1, sessions.Count);
        Assert.Null(sessions.Find(own[0]));
        Assert.NotNull(sessions.Find(own[^1]));
    }

    private static Task<RunningDashboard> StartAsync() =>
        RunningDashboard.StartAsync(new() { HasAdmin = true, Seams = new DashboardTestHooks { Viewers = new TestViewers() } });

    internal static async Task<Answer> GetAsync(RunningDashboard dashboard, string path, string? cookie, string? token = null) =>
        await (Call.Get($"{new Uri(dashboard.AdminAddress, path)}") with
        {
            Token = token,
            Headers = cookie is null ? new Dictionary<string, string>() : new Dictionary<string, string> { ["Cookie"] = cookie },
        }).SendAsync(dashboard);

    internal static async Task<Answer> PostAsync(
        RunningDashboard dashboard, string path, string token, string? cookie = null, params (string Name, string Value)[] headers)
    {
        var all = headers.ToDictionary(header => header.Name, header => header.Value);
        if (cookie is not null)
            all["Cookie"] = cookie;
        return await (new Call(HttpMethod.Post, $"{new Uri(dashboard.AdminAddress, path)}") with
        {
            Token = null,
            Headers = all,
            Body = $"token={Uri.EscapeDataString(token)}",
            ContentType = "application/x-www-form-urlencoded",
        }).SendAsync(dashboard);
    }
}
