using SmmAgent.Core.Redaction;
using SmmAgent.Core.Settings;
using SmmAgent.Linux.Dashboard;
using SmmAgent.Linux.Dashboard.Tokens;
using SmmAgent.Linux.Files;
using SmmAgent.Linux.State;

namespace SmmAgent.Linux.Tests.Dashboard.Tokens;

/// <summary>Which token a request carries: the operator's, or the newer one that the dashboard made from it.</summary>
public sealed class RenewedTokenTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("smm-renewed");
    private readonly RawServer _server = new();
    private readonly Microsoft.Extensions.Time.Testing.FakeTimeProvider _time = new(Start);
    private readonly AgentPaths _paths;
    private readonly BearerTokenFile _tokens;
    private readonly string _operators = TestToken.Create(Start.AddHours(-12), Start.AddHours(12));
    private readonly string _renewed = TestToken.Create(Start, Start.AddHours(24), note: "renewed");

    public RenewedTokenTests()
    {
        _paths = new AgentPaths(_folder.FullName);
        Directory.CreateDirectory(_paths.ConfigDirectory);
        Directory.CreateDirectory(_paths.StateDirectory);
        _tokens = BearerTokenFile.From(_paths, _time);
        Set(_operators);
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task NewerTokenIsPresentedAndReadableByItsOwnerOnly()
    {
        Assert.Equal([_operators], await PresentedAsync());

        Renew(_renewed);

        Assert.Equal([_renewed], await PresentedAsync());
        Assert.Equal(AtomicFile.Private, File.GetUnixFileMode(_paths.RenewedToken));
        Assert.True(_tokens.Read().IsRenewed);
    }

    [Fact]
    public async Task NewOperatorTokenHasPriorityWheneverItWasIssued()
    {
        Renew(_renewed);

        var other = TestToken.Create(Start.AddHours(-20), Start.AddHours(4), note: "another cluster");
        Set(other);

        Assert.Equal([other], await PresentedAsync());
    }

    [Fact]
    public async Task RenewedTokenIsNotUsedWithoutTheOperatorToken()
    {
        Renew(_renewed);
        File.Delete(_paths.BearerToken);

        Assert.Empty(await PresentedAsync());
    }

    [Fact]
    public async Task ExpiredRenewedTokenIsReplacedByAValidOne()
    {
        Set(TestToken.Create(Start.AddHours(-12), Start.AddHours(100)));
        Renew(_renewed);
        _time.Advance(TimeSpan.FromHours(25));

        Assert.Equal([File.ReadAllText(_paths.BearerToken).Trim()], await PresentedAsync());
    }

    [Fact]
    public async Task RefusedRenewedTokenIsReplacedByTheOperatorTokenUntilTheNextRenewal()
    {
        Renew(_renewed);

        Assert.Equal([_renewed, _operators], await PresentedAsync(refuse: _renewed));
        Assert.Equal([_operators], await PresentedAsync(refuse: _renewed));

        var next = TestToken.Create(Start.AddHours(1), Start.AddHours(25), note: "next");
        Renew(next);
        Assert.Equal([next], await PresentedAsync());
    }

    [Fact]
    public async Task RefusalOfTheRenewedTokenIsReportedWhenTheOperatorTokenHasExpired()
    {
        Renew(_renewed);
        _time.Advance(TimeSpan.FromHours(13));

        Assert.Equal([_renewed], await PresentedAsync(refuse: _renewed));
        Assert.Equal([_renewed], await PresentedAsync(refuse: _renewed));
    }

    [Fact]
    public async Task TokenOfAnotherAccountIsNotPresented()
    {
        Renew(TestToken.Create(Start, Start.AddHours(24), account: "cluster-admin"));

        Assert.Equal([_operators], await PresentedAsync());
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("[1]")]
    [InlineData("""{"of":1,"token":2}""")]
    [InlineData("secret")]
    public async Task ContentThatTheAgentDidNotWriteIsNotPresented(string content)
    {
        File.WriteAllText(_paths.RenewedToken, content);

        Assert.Equal([_operators], await PresentedAsync());
    }

    [Fact]
    public async Task LinkIsNotFollowedBecauseRootReadsTheFileAsWell()
    {
        Renew(_renewed);
        File.Move(_paths.RenewedToken, Path.Combine(_folder.FullName, "elsewhere"));
        File.CreateSymbolicLink(_paths.RenewedToken, Path.Combine(_folder.FullName, "elsewhere"));

        Assert.Equal([_operators], await PresentedAsync());
    }

    [Fact]
    public async Task LargeFileIsNotRead()
    {
        Renew(_renewed);
        File.AppendAllText(_paths.RenewedToken, new string(' ', 20_000));

        Assert.Equal([_operators], await PresentedAsync());
    }

    [Fact]
    public void RenewedTokenIsASecretOfThisHost()
    {
        Renew(_renewed);

        // A piece that does not look like a token.
        var piece = _renewed[^60..^30];
        Assert.DoesNotContain(piece, new Redactor(HostSecrets.Read(_paths).Known).Redact($"x {piece} y"), StringComparison.Ordinal);
        Assert.Contains(piece, new Redactor(new KnownSecrets([])).Redact($"x {piece} y"), StringComparison.Ordinal);
    }

    private void Set(string token) => AtomicFile.Write(_paths.BearerToken, token + "\n", AtomicFile.Private);

    private void Renew(string token) => new RenewedTokenFile(_paths.RenewedToken).Write(_tokens.Read().Operators!, token);

    /// <summary>The tokens that one call presents, in order.</summary>
    private async Task<IReadOnlyList<string>> PresentedAsync(string? refuse = null)
    {
        var presented = new List<string>();
        _server.Answers = request =>
        {
            var token = request.Header("Authorization")!["Bearer ".Length..];
            presented.Add(token);
            return token == refuse
                ? RawServer.Answer("401 Unauthorized", """{"status":401,"title":"t","detail":"d","code":"token-invalid"}""",
                    "Content-Type: application/problem+json\r\n")
                : RawServer.Answer("200 OK", """{"token":"t","expirationTimestamp":"2027-01-01T00:00:00Z"}""",
                    "Content-Type: application/json\r\n");
        };
        using var client = new DashboardClient(new(_server.Url, Sample.Namespace, Sample.Name), null, _tokens, "1.2.3", _time);
        var result = await client.PostTokenAsync(TestContext.Current.CancellationToken);
        Assert.Equal(presented.Count > 0 && presented[^1] != refuse, result.Value is not null);
        return presented;
    }
}
