using System.Net;
using MeshStandIn;
using SmmAgent.Contract;
using SmmAgent.Core.Reachability;
using SmmAgent.Linux.Network.Names;
using SmmAgent.Linux.Network.Probes;

namespace SmmAgent.Linux.Tests.Network.Probes;

/// <summary>One observation of real listeners.</summary>
internal static class Probing
{
    public const string IstiodName = "istiod-cp-v115x.istio-system.svc";

    /// <summary>Long enough for a machine under load; a probe that hangs has a test with a time of its own.</summary>
    public static readonly TimeSpan Patient = TimeSpan.FromSeconds(30);

    public static readonly GatewayPort[] AllPorts =
    [
        new("tcp-status-port", 15021), new("tls-istiod", 15012), new("tls-istiodwebhook", 15017), new("tls", 15443),
        new("tcp-als-tls", 50600), new("tcp-zipkin-tls", 59411),
    ];

    public static ReachabilityPlan Plan(StandInAuthority authority, params string[] hosts) => new(
        NetworkModel.DifferentNetwork,
        [.. from host in hosts from port in AllPorts select ProbeTarget.From("gw", host, port)],
        0,
        IstiodName,
        authority.RootPem);

    public static ReachabilityPlan OnePort(StandInAuthority authority, IPAddress address, int port, ProbeKind kind) => new(
        NetworkModel.DifferentNetwork, [new ProbeTarget("gw", address.ToString(), port, kind, true)], 0, IstiodName, authority.RootPem);

    public static ReachabilityObserver Observer(TimeSpan? timeout = null, ResolveName? resolve = null) => new(
        new Prober(TimeProvider.System, new NameLookup(TimeProvider.System, resolve, timeout ?? Patient), timeout ?? Patient),
        TimeProvider.System);

    public static async Task<ProbeResult> OneAsync(ReachabilityPlan plan, TimeSpan? timeout = null) =>
        Assert.Single((await Observer(timeout).ObserveAsync(plan, null, TestContext.Current.CancellationToken)).Gateways).Current;
}
