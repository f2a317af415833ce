using System.Net;
using System.Text.Json;
using MeshStandIn;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using SmmAgent.Contract;
using SmmAgent.Core.Address;
using SmmAgent.Core.Conditions;
using SmmAgent.Core.Firewall.Diagnosis;
using SmmAgent.Core.Mesh;
using SmmAgent.Core.Network;
using SmmAgent.Core.Reachability;
using SmmAgent.Core.Settings;
using SmmAgent.Daemon.Address;
using SmmAgent.Daemon.Loop;
using SmmAgent.Daemon.Reachability;
using SmmAgent.Host.Address;
using SmmAgent.Linux.Dashboard;
using SmmAgent.Linux.Network.Address;
using SmmAgent.Linux.Network.Names;
using SmmAgent.Linux.Network.Probes;
using SmmAgent.Linux.State;

namespace SmmAgent.Tests.Daemon;

/// <summary>The address and reachability services over real sockets, with a clock that only the test moves.</summary>
internal sealed class NetworkServiceFixture : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("smm-services-").FullName;
    private readonly AddressProviderClient _providers;

    public NetworkServiceFixture()
    {
        _providers = new AddressProviderClient(Time, Names);
        AddressService = NewAddressService();
        ReachabilityService = new(
            Context, States, new ReachabilityObserver(new Prober(Time, Names), Time), () => DashboardCameBack++);
    }

    public FakeTimeProvider Time { get; } = new(DateTimeOffset.UtcNow);

    public StandInAuthority Authority { get; } = StandInAuthority.Create();

    public ObservableValue<SettingsState> Settings { get; } = new(SettingsState.Empty);

    public ObservableValue<MeshConfigState> MeshConfig { get; } = new(MeshConfigState.Initial);

    public ObservableValue<AddressState> Address { get; private set; } = new(AddressState.Initial);

    public ObservableValue<PortsState> Ports { get; } = new(PortsState.Initial);

    public ObservableValue<ReachabilityState> Reachability { get; } = new(ReachabilityState.Initial);

    public EventCounters Counters { get; } = new();

    public ExternalAddressService AddressService { get; private set; }

    public ReachabilityService ReachabilityService { get; }

    /// <summary>The number of notifications that the dashboard answers again.</summary>
    public int DashboardCameBack { get; private set; }

    public ConditionUpdate AddressKnown => Address.Value.AddressKnown;

    public ConditionUpdate GatewaysReachable => Reachability.Value.GatewaysReachable;

    public ConditionUpdate DashboardReachable => Reachability.Value.DashboardReachable;

    private AgentStates States => new()
    {
        Settings = Settings,
        Mesh = MeshConfig,
        Address = Address,
        Ports = Ports,
        Reachability = Reachability,
        Counters = Counters,
    };

    private NameLookup Names => new(Time, timeout: TimeSpan.FromMinutes(1));

    private LoopContext Context => new(Time, new LoopProgress(Time), Fault);

    public ProcessFault Fault { get; } = new(NSubstitute.Substitute.For<IHostApplicationLifetime>());

    public string AddressFile => Path.Combine(_folder, "address.json");

    public void Configure(Func<AgentSettings, AgentSettings> change) =>
        Settings.Publish(Settings.Value with { Settings = change(Settings.Value.Settings) });

    /// <summary>The dashboard that is asked for the address; null for none.</summary>
    public DashboardClient? Dashboard { get; set; }

    public void AskProviders(params string[] providers) => Configure(settings => settings with
    {
        DashboardUrl = new("http://127.0.0.1:9"),
        AddressProviders = [.. providers.Select(provider => new AddressProvider(provider))],
    });

    /// <summary>The addresses of the VM's interfaces.</summary>
    public IReadOnlyList<IPAddress> OwnAddresses { get; set; } = [IPAddress.Loopback];

    public void Mesh(string groupNetwork, IReadOnlyList<IPAddress> gateways, params DirectEndpoint[] direct) =>
        MeshConfig.Publish(MeshConfig.Value with
        {
            Config = Config(groupNetwork, gateways, direct),
            ConfigCurrent = ConditionUpdate.True(ConditionType.ConfigCurrent, "Current", ""),
        });

    /// <summary>Restarts the daemon: only its files remain.</summary>
    public void RestartAddressService()
    {
        Address = new(AddressState.Initial);
        AddressService = NewAddressService();
    }

    public void Dispose()
    {
        _providers.Dispose();
        Authority.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private ExternalAddressService NewAddressService() => new(
        Context,
        States,
        new AddressSources(
            _providers, new DashboardAddress(_ => Dashboard, NullLogger.Instance, () => OwnAddresses), new DirectRoute(Time, Names),
            new LastKnownAddressFile(AddressFile)),
        NullLogger<ExternalAddressService>.Instance);

    private MeshConfig Config(string groupNetwork, IReadOnlyList<IPAddress> gateways, DirectEndpoint[] direct) => new()
    {
        ApiVersion = "smm/v1",
        Mesh = new Contract.Mesh
        {
            MeshId = "mesh1",
            TrustDomain = "cluster.local",
            ClusterId = "demo-cluster",
            Network = "network1",
            IstioVersion = "1.15.3",
            IstioRevision = "",
            IstioNamespace = "istio-system",
            RootCertificate = Authority.RootPem,
            DefaultConfig = JsonDocument.Parse("""{"discoveryAddress":"istiod.istio-system.svc:15012","proxyMetadata":{}}""").RootElement,
        },
        WorkloadGroup = new WorkloadGroup
        {
            Namespace = "vm-integration",
            Name = "analytics-v0",
            ServiceAccount = "default",
            Network = groupNetwork,
            Ports = new Dictionary<string, int>(),
        },
        MeshExpansionGateways = gateways.Count == 0 ? [] :
        [
            new MeshExpansionGateway
            {
                Name = "gw",
                Addresses = [.. gateways.Select(gateway => gateway.ToString())],
                Ports =
                [
                    new("tcp-status-port", 15021), new("tls-istiod", 15012), new("tls-istiodwebhook", 15017), new("tls", 15443),
                    new("tcp-als-tls", 50600), new("tcp-zipkin-tls", 59411),
                ],
            },
        ],
        DirectEndpoints = direct,
    };
}
