using System.Net;
using System.Net.Sockets;
using MeshStandIn;
using Microsoft.Extensions.Time.Testing;
using SmmAgent.Core.Network;
using SmmAgent.Core.Reachability;
using SmmAgent.Linux.Network.Names;
using SmmAgent.Linux.Network.Probes;

namespace SmmAgent.Linux.Tests.Network.Probes;

public sealed class ReachabilityObserverTests : IDisposable
{
    private readonly StandInAuthority _authority = StandInAuthority.Create();
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);
    private Func<IPAddress[]> _answer = () => [];

    public void Dispose() => _authority.Dispose();

    [Fact]
    public async Task ChangedAddressIsUsedInTheNextObservation()
    {
        using var leaf = _authority.Issue([Probing.IstiodName]);
        var (before, after) = (Loopback.Next(), Loopback.Next());
        await using var gateway = new StandInGateway(after, leaf);
        var observer = Observer();

        _answer = () => [before];
        var first = await LookAsync(observer);
        _answer = () => [after];
        _time.Advance(TimeSpan.FromSeconds(60));
        var second = await LookAsync(observer);

        Assert.All(first, result => Assert.Equal((before.ToString(), Outcome.Refused), (result.Address, result.Outcome)));
        Assert.All(second, result => Assert.Equal((after.ToString(), Outcome.Ok), (result.Address, result.Outcome)));
    }

    [Fact]
    public async Task AllAddressesOfANameAreTried()
    {
        using var leaf = _authority.Issue([Probing.IstiodName]);
        var (up, down) = (Loopback.Next(), Loopback.Next());
        await using var gateway = new StandInGateway(up, leaf);

        _answer = () => [up, down, up.MapToIPv6()];
        var results = await LookAsync(Observer());

        Assert.Equal(12, results.Count);
        Assert.All(results, result => Assert.Equal(result.Address == up.ToString() ? Outcome.Ok : Outcome.Refused, result.Outcome));
    }

    [Fact]
    public async Task SingleFailedLookupDoesNotChangeTheResult()
    {
        using var leaf = _authority.Issue([Probing.IstiodName]);
        var address = Loopback.Next();
        await using var gateway = new StandInGateway(address, leaf);
        var observer = Observer();
        _answer = () => [address];
        await LookAsync(observer);

        _answer = () => throw new SocketException((int)SocketError.TryAgain);
        _time.Advance(TimeSpan.FromSeconds(60));
        Assert.All(await LookAsync(observer), result => Assert.Equal(Outcome.Ok, result.Outcome));
        Assert.True(observer.Unsettled);

        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.All(await LookAsync(observer), result => Assert.Equal(
            (Outcome.Timeout, "does not resolve: no name server answered"), (result.Outcome, result.Detail)));
    }

    [Fact]
    public async Task AddressesAboveTheLimitAreCounted()
    {
        _answer = () => [.. Enumerable.Range(0, 16).Select(_ => Loopback.Next())];
        var plan = Probing.Plan(_authority, "a.example", "b.example", "c.example");

        var observation = await Observer().ObserveAsync(plan, null, TestContext.Current.CancellationToken);

        Assert.Equal((192, 96), (observation.Gateways.Count, observation.LeftOut));
    }

    [Theory]
    [InlineData("http", "200 OK", Outcome.Ok, null)]
    [InlineData("http", "503 Service Unavailable", Outcome.NotReady, "answered GET /healthz with 503 instead of 200")]
    [InlineData("http", "302 Found", Outcome.NotReady, "with 302")]
    [InlineData("https", "200 OK", Outcome.Ok, null)]
    [InlineData("https", "503 Service Unavailable", Outcome.NotReady, "answered GET /healthz with 503 instead of 200")]
    public async Task DashboardHealthIsProbed(string scheme, string status, Outcome outcome, string? detail)
    {
        var address = Loopback.Next();
        using var leaf = _authority.Issue([address.ToString()]);
        string? path = null;
        string Answer(HttpQuestion question) => Behaviours.Response(status, (path = question.Path) + "\n");
        await using var dashboard = new StandInListener(
            new(address, 0), scheme == "https" ? Behaviours.Https(leaf, Answer) : Behaviours.Http(Answer));
        using var folder = new TemporaryFolder();

        var result = await DashboardAsync($"{scheme}://{dashboard.Endpoint}", folder.Write("ca.pem", _authority.RootPem));

        Assert.Equal(outcome, result.Outcome);
        Assert.Equal("/healthz", path);
        if (detail is null)
            Assert.Null(result.Detail);
        else
            Assert.Contains(detail, result.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DashboardCertificateMustComeFromTheCaFile()
    {
        var address = Loopback.Next();
        using var leaf = _authority.Issue([address.ToString()]);
        await using var dashboard = new StandInListener(new(address, 0), Behaviours.Tls(leaf));
        using var other = StandInAuthority.Create();
        using var folder = new TemporaryFolder();
        var url = $"https://{dashboard.Endpoint}";

        var wrong = await DashboardAsync(url, folder.Write("other.pem", other.RootPem));
        Assert.Equal(Outcome.WrongCertificate, wrong.Outcome);
        Assert.Contains("which dashboard.caFile does not vouch for", wrong.Detail, StringComparison.Ordinal);

        var system = await DashboardAsync(url, null);
        Assert.Equal(Outcome.WrongCertificate, system.Outcome);
        Assert.Contains("which this VM's certificate store does not vouch for", system.Detail, StringComparison.Ordinal);

        var missing = await DashboardAsync(url, folder.Path("missing.pem"));
        Assert.Equal(Outcome.WrongCertificate, missing.Outcome);
        Assert.Contains("missing.pem does not exist", missing.Detail, StringComparison.Ordinal);

        var empty = await DashboardAsync(url, folder.Write("empty.pem", "nothing"));
        Assert.Contains("holds no certificate", empty.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ExpiredDashboardCertificateIsDistinguishedFromAWrongOne()
    {
        var address = Loopback.Next();
        using var leaf = _authority.IssueExpired([address.ToString()]);
        await using var dashboard = new StandInListener(new(address, 0), Behaviours.Tls(leaf));
        using var folder = new TemporaryFolder();

        var result = await DashboardAsync($"https://{dashboard.Endpoint}", folder.Write("ca.pem", _authority.RootPem));

        Assert.Equal(Outcome.ExpiredCertificate, result.Outcome);
    }

    [Fact]
    public async Task StoppedDashboardRefusesTheConnection() =>
        Assert.Equal(Outcome.Refused, (await DashboardAsync($"http://{Loopback.Next()}:8080", null)).Outcome);

    private ReachabilityObserver Observer() =>
        new(new Prober(_time, new NameLookup(_time, (_, _) => Task.Run(_answer), Probing.Patient), Probing.Patient), _time);

    private async Task<List<ProbeResult>> LookAsync(ReachabilityObserver observer)
    {
        var observation = await observer.ObserveAsync(
            Probing.Plan(_authority, "gw.example"), null, TestContext.Current.CancellationToken);
        return [.. observation.Gateways.Select(result => result.Current)];
    }

    private static async Task<ProbeResult> DashboardAsync(string url, string? caFile)
    {
        var observation = await Probing.Observer().ObserveAsync(
            null, new(new Uri(url), caFile, ProxySetting.None), TestContext.Current.CancellationToken);
        Assert.Empty(observation.Gateways);
        return Assert.Single(observation.Dashboard).Current;
    }
}
