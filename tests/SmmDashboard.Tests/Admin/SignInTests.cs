using System.Net;
using SmmDashboard.Access;
using SmmDashboard.Admin.Viewers;
using SmmDashboard.Http;
using SmmDashboard.Startup;
using SmmDashboard.Tests.Running;

namespace SmmDashboard.Tests.Admin;

/// <summary>Tokens and sessions of the admin listener, with viewers that the test chooses.</summary>
public sealed class SignInTests
{
    private const string Good = "token-of-a-viewer";

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

        var none = await GetAsync(dashboard, "/v1/machines", null, "token-without-rights");
        Assert.Equal(0, none.Json.GetProperty("total").GetInt32());
        foreach (var path in (string[])["/v1/machines/vm-integration/analytics-v0/vm-1", "/v1/groups/vm-integration/analytics-v0"])
            Assert.Equal(HttpStatusCode.NotFound, (await GetAsync(dashboard, path, null, "token-without-rights")).Status);
        Assert.Empty((await GetAsync(dashboard, "/v1/groups", null, "token-without-rights")).Json.GetProperty("items").EnumerateArray());
        Assert.Empty((await GetAsync(dashboard, "/v1/mesh", null, "token-without-rights")).Json.GetProperty("controlPlanes")
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

    private static Task<RunningDashboard> StartAsync() =>
        RunningDashboard.StartAsync(new() { HasAdmin = true, Seams = new DashboardTestHooks { Viewers = new TestViewers() } });

    private static async Task<Answer> GetAsync(RunningDashboard dashboard, string path, string? cookie, string? token = null) =>
        await (Call.Get($"{new Uri(dashboard.AdminAddress, path)}") with
        {
            Token = token,
            Headers = cookie is null ? new Dictionary<string, string>() : new Dictionary<string, string> { ["Cookie"] = cookie },
        }).SendAsync(dashboard);

    private static async Task<Answer> PostAsync(
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

    private sealed class TestViewers : IViewers
    {
        private static readonly HashSet<string> None = [];

        public bool RequireToken => true;

        public bool IsKnown(PresentedToken token) => token.Reveal() == Good;

        public ValueTask<(Viewer? Viewer, ApiProblem? Problem)> AdmitAsync(PresentedToken? token, CancellationToken cancellationToken) =>
            ValueTask.FromResult<(Viewer?, ApiProblem?)>(token?.Reveal() switch
            {
                Good => (Viewer.Everything with { Name = "viewer" }, null),
                "token-without-rights" => (new Viewer("viewer", None, None), null),
                _ => (null, ApiProblem.TokenRefused("TokenUnknown", "the token is not known")),
            });
    }
}
