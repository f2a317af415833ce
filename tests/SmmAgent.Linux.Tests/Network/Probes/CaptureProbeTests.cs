using System.Net;
using System.Net.Sockets;
using SmmAgent.Core.Reachability;
using SmmAgent.Linux.Network.Names;
using SmmAgent.Linux.Network.Probes;

namespace SmmAgent.Linux.Tests.Network.Probes;

public sealed class CaptureProbeTests
{
    private static readonly IPEndPoint Gateway = IPEndPoint.Parse("198.18.0.11:15012");

    private readonly List<string> _tried = [];
    private readonly Dictionary<string, SocketError> _answers = [];
    private bool _isInPlace = true;
    private bool _listens = true;

    [Fact]
    public async Task AcceptedConnectionToAReservedAddressIsCaptured()
    {
        _answers["192.0.2.1:15012"] = SocketError.Success;
        _answers["192.0.2.1:8443"] = SocketError.TimedOut;
        _answers["[2001:db8::1]:15012"] = SocketError.HostUnreachable;

        Assert.Equal(
            [(AddressFamily.InterNetwork, 15012)],
            await FindAsync(Gateway, IPEndPoint.Parse("198.18.0.12:15012"), IPEndPoint.Parse("198.18.0.1:8443"),
                IPEndPoint.Parse("[fd00::1]:15012")));
        Assert.Equal(3, _tried.Count);
    }

    [Fact]
    public async Task ReservedAddressIsNotTriedWithoutACapture()
    {
        (_isInPlace, _listens) = (false, false);

        Assert.Empty(await FindAsync(Gateway));
        Assert.Empty(_tried);
    }

    [Fact]
    public async Task TransparentProxyOfTheNetworkIsNotACapture()
    {
        _isInPlace = false;
        _answers["192.0.2.1:15012"] = SocketError.Success;

        Assert.Empty(await FindAsync(Gateway));
    }

    [Fact]
    public async Task ListenerDecidesWhenRulesCannotBeRead()
    {
        _answers["192.0.2.1:15012"] = SocketError.Success;

        Assert.Single(await Proof(null).FindAsync([Gateway], TestContext.Current.CancellationToken));
        _listens = false;
        Assert.Empty(await Proof(null).FindAsync([Gateway], TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public async Task RefusalIsACaptureWhileTheSidecarDoesNotListenYet(bool listens, bool isCaptured)
    {
        _listens = listens;
        _answers["192.0.2.1:15012"] = SocketError.ConnectionRefused;

        Assert.Equal(isCaptured, (await FindAsync(Gateway)).Count == 1);
    }

    [Theory]
    [InlineData(SocketError.Success, true)]
    [InlineData(SocketError.ConnectionRefused, false)]
    [InlineData(SocketError.TimedOut, false)]
    public async Task UnusedPortIsTriedWithoutARouteToTheReservedAddress(SocketError answer, bool isCaptured)
    {
        _listens = false;
        _answers["192.0.2.1:15012"] = SocketError.NetworkUnreachable;
        _answers["198.18.0.11:1"] = answer;

        Assert.Equal(isCaptured, (await FindAsync(Gateway)).Count == 1);
    }

    [Fact]
    public async Task CapturedConnectionIsNotReportedAsReached()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var target = new ProbeTarget("gw", "127.0.0.1", ((IPEndPoint)listener.LocalEndpoint).Port, ProbeKind.Tcp, true);
        var plan = new ReachabilityPlan(Contract.NetworkModel.DifferentNetwork, [target], 0, Probing.IstiodName, "");
        var prober = new Prober(TimeProvider.System, new NameLookup(TimeProvider.System));
        var observer = new ReachabilityObserver(
            prober, TimeProvider.System,
            (probed, _) => Task.FromResult<IReadOnlySet<(AddressFamily, int)>>(
                probed.Select(one => (one.AddressFamily, one.Port)).ToHashSet()));

        var result = Assert.Single((await observer.ObserveAsync(plan, null, TestContext.Current.CancellationToken)).Gateways).Current;

        Assert.Equal((Outcome.Captured, null), (result.Outcome, result.Latency));
    }

    private Task<IReadOnlySet<(AddressFamily Family, int Port)>> FindAsync(params IPEndPoint[] probed) =>
        Proof(_ => Task.FromResult(_isInPlace)).FindAsync(probed, TestContext.Current.CancellationToken);

    private CaptureProbe Proof(Func<CancellationToken, Task<bool>>? isInPlace) =>
        new(TimeProvider.System, isInPlace, () => _listens, (endpoint, _) =>
    {
        lock (_tried)
            _tried.Add($"{endpoint}");
        var answer = _answers[$"{endpoint}"];
        return answer == SocketError.Success
            ? Task.FromResult(new Socket(SocketType.Stream, ProtocolType.Tcp))
            : Task.FromException<Socket>(new SocketException((int)answer));
    });
}
