using System.Net;
using System.Text.Json;
using SmmAgent.Contract;
using SmmAgent.Core.Address;
using SmmAgent.Core.Conditions;
using SmmAgent.Core.Firewall.Diagnosis;
using SmmAgent.Core.Mesh;
using SmmAgent.Core.Reachability;
using SmmAgent.Core.Settings;
using SmmAgent.Core.Status;

namespace SmmAgent.Core.Tests.Status;

/// <summary>An attached VM, and what can go wrong with it.</summary>
internal static class Samples
{
    public static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    public static AgentSnapshot Attached { get; } = new()
    {
        Settings = SettingsState.Empty with
        {
            Settings = new AgentSettings
            {
                DashboardUrl = new Uri("https://smm.example.com"), Namespace = "vm-integration",
                Name = "analytics-v0"
            },
        },
        Mesh = new MeshConfigState(Config, true, ConditionUpdate.True(ConditionType.ConfigCurrent, "Current", "as the dashboard says")),
        Address = new AddressState(
            new ExternalAddress(IPAddress.Parse("3.67.91.181"), "configured"),
            ConditionUpdate.True(ConditionType.AddressKnown, "Configured", "3.67.91.181 is configured")),
        Reachability = new ReachabilityState(
            NetworkModel.DifferentNetwork,
            [Gateway("13.48.73.61", 15012), Gateway("13.48.73.61", 15021), Gateway("13.48.73.62", 15012), Gateway("13.48.73.62", 15021)],
            ConditionUpdate.True(ConditionType.GatewaysReachable, "Reachable", "2 of 2 gateways are reachable"),
            ConditionUpdate.True(ConditionType.DashboardReachable, "Reachable", "the dashboard answers")),
        Ports = new PortsState(
            [new(16400, "agent", true), new(16401, "sidecar-metrics", true), new(8080, "http", true), new(8082, "grpc", true)],
            ConditionUpdate.True(ConditionType.PortsOpen, "Open", "4 ports are open")),
        Cluster = new ClusterViewState(
            new Dictionary<int, bool> { [16400] = true, [16401] = true, [8080] = true },
            ConditionUpdate.True(ConditionType.ReachableFromCluster, "Reachable", "demo-cluster reached 3 ports"),
            ConditionUpdate.True(ConditionType.Registered, "Registered", "analytics-v0-3.67.91.181"),
            ConditionUpdate.True(ConditionType.Healthy, "Healthy", "healthy")),
        Sidecar = new(
        [
            ConditionUpdate.True(ConditionType.SidecarInstalled, "Installed", "1.15.3 is installed"),
            ConditionUpdate.True(ConditionType.SidecarCurrent, "Current", "its configuration is current"),
            ConditionUpdate.True(ConditionType.SidecarRunning, "Running", "it runs"),
        ]),
        Listeners = new ListenersState([new(16400, "agent", null), new(16401, "sidecar-metrics", null)]),
    };

    private static MeshConfig Config => new()
    {
        ApiVersion = MeshConfig.CurrentApiVersion,
        Mesh = new SmmAgent.Contract.Mesh
        {
            MeshId = "mesh1",
            TrustDomain = "cluster.local",
            ClusterId = "demo-cluster",
            Network = "network1",
            IstioVersion = "1.15.3",
            IstioRevision = "cp-v115x",
            IstioNamespace = "istio-system",
            RootCertificate = "",
            DefaultConfig = JsonDocument.Parse("{}").RootElement,
        },
        WorkloadGroup = new WorkloadGroup
        {
            Namespace = "vm-integration",
            Name = "analytics-v0",
            ServiceAccount = "default",
            Network = "vm-network-1",
            Ports = new Dictionary<string, int> { ["http"] = 8080, ["grpc"] = 8082 },
        },
        MeshExpansionGateways = [],
    };

    public static GatewayResult Gateway(string address, int port, Outcome outcome = Outcome.Ok) => new(
        "istio-meshexpansion", address, port, outcome, outcome == Outcome.Ok ? TimeSpan.FromMilliseconds(3.14) : null, Now.AddMinutes(-3),
        null);

    public static AgentSnapshot WithGateway(this AgentSnapshot snapshot, Outcome outcome, ConditionStatus status, string reason) =>
        snapshot with
        {
            Reachability = snapshot.Reachability with
            {
                Gateways = [Gateway("13.48.73.61", 15012, outcome), .. snapshot.Reachability.Gateways.Skip(1)],
                GatewaysReachable = new ConditionUpdate(ConditionType.GatewaysReachable, status, reason, "1 of 2 gateways is reachable"),
            },
        };

    public static IReadOnlyList<Condition> Conditions(AgentSnapshot snapshot)
    {
        var ledger = new ConditionLedger();
        ledger.Update(snapshot.ConditionUpdates(Now.AddMinutes(-3)), Now.AddMinutes(-3));
        return ledger.Current;
    }

    public static string Line(AgentSnapshot snapshot) => StatusLine.Write(snapshot, Conditions(snapshot), Now);
}
