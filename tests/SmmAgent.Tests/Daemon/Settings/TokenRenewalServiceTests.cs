using System.Text.Json;
using SmmAgent.Core.Tokens;
using SmmAgent.Daemon.Loop;
using SmmAgent.Daemon.Settings;
using SmmAgent.Linux.Dashboard.Tokens;
using SmmAgent.Linux.Files;

namespace SmmAgent.Tests.Daemon.Settings;

/// <summary>The renewal of the daemon's token over months.</summary>
public sealed class TokenRenewalServiceTests : IAsyncLifetime
{
    private const string NotFound = """{"status":404,"title":"t","detail":"no such path","code":"not-found"}""";
    private const string NotRenewable =
        """{"status":409,"title":"t","detail":"the token is bound to no Secret","code":"token-not-renewable"}""";
    private const string Away = """{"status":503,"title":"t","detail":"not now","code":"unavailable"}""";

    private readonly AgentUnderTest _agent = new();
    private readonly ObservableValue<TokenRenewal> _state = new(TokenRenewal.NotTried);
    private readonly RecordingLogger<TokenRenewalService> _log = new();
    private readonly List<(string Line, string Token, string? Key)> _requests = [];
    private readonly TokenRenewalService _service;
    private Func<string> _answer;
    private int _made;

    public TokenRenewalServiceTests()
    {
        _answer = Renewed;
        _agent.Server.Answers = request =>
        {
            _requests.Add((request.Line, request.Header("Authorization")!["Bearer ".Length..], request.Header("Agent-Key")));
            return _answer();
        };
        Set(TestToken.Create(Now, Now.AddHours(24)));
        _service = new TokenRenewalService(
            _agent.Context, new(_agent.Settings, _agent.Tokens, new RenewedTokenFile(_agent.Paths.RenewedToken), _agent.Identity()),
            _agent.Clients, _state, () => 0.5, _log);
    }

    private DateTimeOffset Now => _agent.Time.GetUtcNow();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        _service.Dispose();
        await _agent.DisposeAsync();
    }

    [Fact]
    public async Task VmStaysAttachedForMonthsWithoutAnOperator()
    {
        await PassAsync(TimeSpan.FromDays(90), TimeSpan.FromHours(1), () =>
        {
            var claims = _agent.Tokens.Read().Token!.Claims()!;
            Assert.True(claims.Expires > Now, "the token is over");
            Assert.Equal("Current", TokenFacts.From(claims).Finding(Now, _state.Value).Reason);
        });

        Assert.InRange(_requests.Count, 165, 185);
        Assert.Equal(_requests.Count, _requests.Select(request => request.Token).Distinct().Count());
        Assert.Equal(RenewalStatus.Works, _state.Value.Status);
    }

    [Fact]
    public async Task ATokenIsRenewedAtHalfOfItsLifeUnderTheAgentsKey()
    {
        var operators = _agent.Tokens.Read().Token!;
        await PassAsync(TimeSpan.FromHours(11.9), TimeSpan.FromMinutes(10));
        Assert.Empty(_requests);

        await PassAsync(TimeSpan.FromHours(0.2), TimeSpan.FromMinutes(10));

        var (line, token, key) = Assert.Single(_requests);
        var identity = _agent.Identity();
        var group = Sample.ConfigPath.Replace("/mesh-config", "", StringComparison.Ordinal);
        Assert.Equal($"POST {group}/agents/{identity.Uuid(_agent.Settings.Value.Settings):D}/token HTTP/1.1", line);
        Assert.Equal(File.ReadAllText(_agent.Paths.BearerToken).Trim(), token);
        Assert.Equal(43, key!.TrimEnd('=').Length);
        var reading = _agent.Tokens.Read();
        Assert.True(reading.IsRenewed);
        Assert.Equal(operators.Claims()!.Expires, reading.Operators!.Claims()!.Expires);
        Assert.Equal(Now.AddHours(24).ToUnixTimeSeconds(), reading.Token!.Claims()!.Expires!.Value.ToUnixTimeSeconds(), 1800d);
        Assert.StartsWith("Information: Renewed the bearer token, valid until 2026-01-0", Assert.Single(_log.Lines),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task ATokenOfTheOperatorIsNotRenewedBeforeItsOwnTime()
    {
        await PassAsync(TimeSpan.FromHours(13), TimeSpan.FromHours(1));
        Set(TestToken.Create(Now.AddHours(-1), Now.AddHours(23), note: "set by the operator"));
        Replaced();

        await PassAsync(TimeSpan.FromHours(5), TimeSpan.FromHours(1));

        Assert.Single(_requests);
        Assert.False(_agent.Tokens.Read().IsRenewed);
        Assert.Equal(RenewalStatus.NotTried, _state.Value.Status);
    }

    [Fact]
    public async Task OldDashboardIsAskedOnceADayAndTheConditionIsAsWithoutRenewal()
    {
        Set(TestToken.Create(Now.AddDays(-20), Now.AddDays(20)));
        _answer = () => Problem("404 Not Found", NotFound);

        await PassAsync(TimeSpan.FromDays(5) - TimeSpan.FromHours(1), TimeSpan.FromMinutes(30));

        Assert.Equal(5, _requests.Count);
        Assert.Equal(new TokenRenewal(RenewalStatus.NotOffered, "the dashboard is older than the renewal of tokens"), _state.Value);
        Assert.Equal(["Information: The bearer token is not renewed: the dashboard is older than the renewal of tokens"], _log.Lines);
        Assert.False(File.Exists(_agent.Paths.RenewedToken));
    }

    [Fact]
    public async Task RenewalIsRetriedWhenTheOperatorSetsAnotherToken()
    {
        _answer = () => Problem("409 Conflict", NotRenewable);
        await PassAsync(TimeSpan.FromHours(20), TimeSpan.FromHours(1));
        Assert.Single(_requests);
        Assert.Equal("the token is bound to no Secret", _state.Value.Reason);

        Set(TestToken.Create(Now.AddHours(-13), Now.AddHours(11), note: "bound"));
        _answer = Renewed;
        Replaced();
        await PassAsync(TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(5));

        Assert.Equal(2, _requests.Count);
        Assert.True(_agent.Tokens.Read().IsRenewed);
    }

    [Fact]
    public async Task UnreachableDashboardIsRetriedAndReportedBeforeTheTokenExpires()
    {
        _answer = () => Problem("503 Service Unavailable", Away);
        await PassAsync(TimeSpan.FromHours(15.9), TimeSpan.FromMinutes(5));
        Assert.True(_requests.Count > 20);
        Assert.Equal("Current", Condition());

        await PassAsync(TimeSpan.FromHours(0.2), TimeSpan.FromMinutes(5));
        Assert.Equal("TokenExpiring", Condition());
        Assert.StartsWith("Information: Cannot renew the bearer token, retrying: the dashboard at ", Assert.Single(_log.Lines),
            StringComparison.Ordinal);

        _answer = Renewed;
        await PassAsync(TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(5));
        Assert.Equal("Current", Condition());
        Assert.Equal(TokenRenewal.Works, _state.Value);
    }

    [Fact]
    public async Task ADashboardThatRenewedBeforeAndDoesNotNowIsAskedEachHour()
    {
        await PassAsync(TimeSpan.FromHours(13), TimeSpan.FromHours(1));
        _answer = () => Problem("404 Not Found", NotFound);

        await PassAsync(TimeSpan.FromHours(16), TimeSpan.FromMinutes(30));

        // Not each half hour.
        Assert.InRange(_requests.Count, 5, 8);
    }

    [Theory]
    [InlineData("other")]
    [InlineData(null)]
    public async Task AnAnswerThatIsNoTokenOfTheAccountIsNotKept(string? account)
    {
        _answer = () => Json(account is null ? "opaque-token" : TestToken.Create(Now, Now.AddHours(24), account));

        await PassAsync(TimeSpan.FromHours(12.5), TimeSpan.FromMinutes(30));

        Assert.False(File.Exists(_agent.Paths.RenewedToken));
        Assert.Equal(
            new TokenRenewal(RenewalStatus.Fails, "the dashboard's answer is not a token of the same service account"), _state.Value);
    }

    [Fact]
    public async Task AnOpaqueTokenIsNotRenewed()
    {
        Set("opaque-token");

        await PassAsync(TimeSpan.FromDays(40), TimeSpan.FromHours(6));

        Assert.Empty(_requests);
    }

    private async Task PassAsync(TimeSpan time, TimeSpan step, Action? afterEach = null)
    {
        for (var end = Now + time; Now <= end; _agent.Time.Advance(step))
        {
            Assert.InRange(await _service.StepAsync(TestContext.Current.CancellationToken), TimeSpan.Zero, TimeSpan.FromHours(1));
            afterEach?.Invoke();
        }
    }

    private string Condition() => TokenFacts.From(_agent.Tokens.Read().Token!.Claims()).Finding(Now, _state.Value).Reason;

    private void Set(string token) => AtomicFile.Write(_agent.Paths.BearerToken, token + "\n", AtomicFile.Private);

    // As the settings service reads it.
    private void Replaced() => _agent.Settings.Publish(_agent.Settings.Value with { CredentialStamp = "another" });

    private string Renewed() => Json(TestToken.Create(Now, Now.AddHours(24), note: $"{++_made}"));

    private static string Json(string token) => RawServer.Answer(
        "200 OK", JsonSerializer.Serialize(new { token, expirationTimestamp = "2027-01-01T00:00:00Z" }),
        "Content-Type: application/json\r\n");

    private static string Problem(string status, string body) =>
        RawServer.Answer(status, body, "Content-Type: application/problem+json\r\n");
}
