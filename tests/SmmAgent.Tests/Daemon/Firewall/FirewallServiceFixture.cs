using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using NSubstitute;
using SmmAgent.Contract;
using SmmAgent.Core.Firewall.Diagnosis;
using SmmAgent.Core.Firewall.Planning;
using SmmAgent.Core.Mesh;
using SmmAgent.Core.Settings;
using SmmAgent.Daemon.Firewall;
using SmmAgent.Daemon.HostChanges;
using SmmAgent.Daemon.Loop;
using SmmAgent.Daemon.Privileged;
using SmmAgent.Linux.Firewall;
using SmmAgent.Linux.Tests.Firewall;

namespace SmmAgent.Tests.Daemon.Firewall;

/// <summary>Steps of the service on the rules of a network namespace.</summary>
public abstract class FirewallServiceFixture : IAsyncDisposable
{
    protected FakeTimeProvider Time { get; } = new();

    private protected FirewallStates States { get; } = new(
        new(SettingsState.Empty), new(MeshConfigState.Initial), new(EventSourcesState.AllUp), new(PortsState.Initial));

    protected IList<string> Log { get; } = new List<string>();

    private protected FirewallNamespace? Vm { get; set; }

    protected bool IsRootAtWork { get; set; }

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private protected PortsState Ports => States.Ports.Value;

    public async ValueTask DisposeAsync()
    {
        if (Vm is not null)
            await Vm.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    protected string Request => Path.Combine(Vm!.Folder, "reconcile-request");

    private protected async Task<FirewallService> ServiceAsync(StubFirewalld? firewalld = null)
    {
        Vm ??= await FirewallNamespace.CreateAsync();
        var context = new LoopContext(Time, new(Time), new(Substitute.For<IHostApplicationLifetime>()));
        var reconciler = firewalld is null ? Vm.Pass(Backend.Nft)
            : new FirewallReconciler(Vm.Host(Backend.Nft), firewalld, Vm.Lock, isRoot: false);
        return new(context, States with { IsReconcileRunning = () => IsRootAtWork }, reconciler,
            new ReconcileRequest(Request, Time, NullLogger<ReconcileRequest>.Instance), new ListLogger(Log));
    }

    // A step soon after a repair pauses first.
    private protected async Task<TimeSpan> StepAsync(FirewallService service)
    {
        var step = service.StepAsync(Cancel);
        Time.Advance(RepairPacing.ShortPause);
        return await step;
    }

    private protected static SettingsState With(ManagementMode mode) => new(new AgentSettings { FirewallMode = mode }, [], []);

    private protected static MeshConfig Config(params (string Name, int Port)[] ports) => new()
    {
        ApiVersion = MeshConfig.CurrentApiVersion,
        Mesh = new()
        {
            MeshId = "",
            TrustDomain = "",
            ClusterId = "demo",
            Network = "",
            IstioVersion = "1.15.3",
            IstioRevision = "",
            IstioNamespace = "istio-system",
            RootCertificate = "",
            DefaultConfig = default,
        },
        WorkloadGroup = new()
        {
            Namespace = "vm",
            Name = "analytics",
            ServiceAccount = "default",
            Network = "",
            Ports = ports.ToDictionary(port => port.Name, port => port.Port),
        },
        MeshExpansionGateways = [],
    };

    private protected sealed class ListLogger(IList<string> lines) : ILogger<FirewallService>
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            lines.Add(formatter(state, exception));
    }
}
