using System.Security.Cryptography;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Hosting.Systemd;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Serilog.Extensions.Logging;
using SmmAgent.Core.Settings;
using SmmAgent.Core.Sidecar.Configuration;
using SmmAgent.Core.Time;
using SmmAgent.Daemon.Address;
using SmmAgent.Daemon.Firewall;
using SmmAgent.Daemon.HostChanges;
using SmmAgent.Daemon.Listeners;
using SmmAgent.Daemon.Loop;
using SmmAgent.Daemon.Mesh;
using SmmAgent.Daemon.Privileged;
using SmmAgent.Daemon.Reachability;
using SmmAgent.Daemon.Report;
using SmmAgent.Daemon.Settings;
using SmmAgent.Daemon.Sidecar;
using SmmAgent.Daemon.Status;
using SmmAgent.Host;
using SmmAgent.Host.Address;
using SmmAgent.Host.Firewall;
using SmmAgent.Host.Sidecar;
using SmmAgent.Linux.Commands;
using SmmAgent.Linux.Dashboard;
using SmmAgent.Linux.Dashboard.Tokens;
using SmmAgent.Linux.Events;
using SmmAgent.Linux.Host;
using SmmAgent.Linux.Identity;
using SmmAgent.Linux.Network.Address;
using SmmAgent.Linux.Network.Names;
using SmmAgent.Linux.Network.Probes;
using SmmAgent.Linux.Packages;
using SmmAgent.Linux.Sidecar;
using SmmAgent.Linux.State;
using SmmAgent.Linux.Systemd;
using SmmAgent.Logging;

namespace SmmAgent.Daemon.Lifetime;

/// <summary>Composes the daemon by hand: a container that finds constructors by reflection would take a fifth of the start time.</summary>
public static class DaemonHost
{
    /// <summary>The time that the services have to stop. The limit of systemd is far longer; the agent promises two seconds.</summary>
    private static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(1.5);

    /// <param name="logControl">The log level that systemd may change; null if it cannot be changed.</param>
    public static IHost Build(
        AgentPaths paths, string version, ServiceNotifier notifier, Serilog.ILogger logger, LogControl? logControl = null)
    {
        var loggers = new SerilogLoggerFactory(logger);
        var lifetime = new ApplicationLifetime(loggers.CreateLogger<ApplicationLifetime>());
        var fault = new ProcessFault(lifetime);

        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(
            new HostApplicationBuilderSettings { ApplicationName = "smm-agent" });
        builder.Services
            .AddSingleton<ILoggerFactory>(loggers)
            .AddSingleton<IHostApplicationLifetime>(lifetime)
            .AddSingleton(Options.Create(new HostOptions { ShutdownTimeout = ShutdownTimeout }))
            .AddSingleton(Options.Create(new ConsoleLifetimeOptions { SuppressStatusMessages = true }))
            .AddSingleton(fault)
            .RemoveAll<IStartupValidator>(); // the options above are made in code
        if (notifier.IsEnabled)
            builder.Services.AddSingleton<IHostLifetime>(services => new SystemdLifetime(
                services.GetRequiredService<IHostEnvironment>(), lifetime, new LifetimeNotifier(notifier), loggers));

        // Last: nothing depends on it. Without systemd, no program changes the level.
        var context = new LoopContext(TimeProvider.System, new LoopProgress(TimeProvider.System), fault);
        IEnumerable<IHostedService> last = logControl is not null && notifier.IsEnabled
            ? [new LogControlService(context, logControl, loggers.CreateLogger<LogControlService>())]
            : [];
        foreach (var service in Services(context, paths, version, notifier, loggers).Concat(last))
            builder.Services.AddSingleton(_ => service); // a factory, so that the host disposes of the service
        return builder.Build();
    }

    // The start order: services come first whose state others read at their start, and no change is missed after the first observation.
    // The agent is ready when the settings are read and the ports are served; READY does not wait for the other services.
    // The SIGHUP handler comes first: a program that receives READY may send SIGHUP at once, and SIGHUP must never end the process.
    private static IEnumerable<IHostedService> Services(
        LoopContext context, AgentPaths paths, string version, ServiceNotifier notifier, SerilogLoggerFactory loggers)
    {
        var time = context.Time;
        var states = new AgentStates();
        var identity = new CurrentIdentity(
            paths,
            RandomNumberGenerator.Fill,
            new ReconcileRequest(paths.ReconcileRequest, time, loggers.CreateLogger<ReconcileRequest>()),
            loggers.CreateLogger<CurrentIdentity>());
        var self = new StatusIdentity(version, paths.Status, () => identity.Uuid(states.Settings.Value.Settings));
        var status = new StatusService(context, states, self, notifier, loggers.CreateLogger<StatusService>());
        var tokens = BearerTokenFile.From(paths, time);
        var settings = new SettingsService(context, paths, tokens, states.Settings, loggers.CreateLogger<SettingsService>());
        var retry = new DashboardRetry(time, Jitter.Next);
        var clients = new DashboardClients(tokens, version, time);
        var mesh = new MeshConfigService(
            context,
            states,
            clients,
            new LastGoodMeshConfig(paths.LastGoodMeshConfig),
            retry,
            loggers.CreateLogger<MeshConfigService>());

        var names = new NameLookup(time);
        var address = new ExternalAddressService(
            context,
            states,
            new AddressSources(
                new AddressProviderClient(time, names),
                new DashboardAddress(_ => clients.For(states.Settings.Value), loggers.CreateLogger<DashboardAddress>()),
                new DirectRoute(time, names), new LastKnownAddressFile(paths.LastKnownAddress)),
            loggers.CreateLogger<ExternalAddressService>());

        var root = new ReconcileActivity(() => HostUnits.Open(paths.Root, time), paths.PrivilegedPresence);
        var events = new ObservableValue<EventSourcesState>(EventSourcesState.AllUp);
        var firewall = new FirewallService(
            context,
            new FirewallStates(states.Settings, states.Mesh, events, states.Ports)
            {
                NameServers = () => ResolverConfiguration.ServersElsewhere(Path.Combine(paths.Root, "etc/resolv.conf")),
                IsReconcileRunning = root.IsAtWork,
                Counters = states.Counters,
            },
            FirewallComposition.Create(paths, time),
            new ReconcileRequest(paths.ReconcileRequest, time, loggers.CreateLogger<ReconcileRequest>()),
            loggers.CreateLogger<FirewallService>());

        var sidecar = new SidecarService(
            context,
            states,
            new SidecarSources(
                SidecarComposition.Observer(paths, time, isRoot: false), SidecarComposition.InputReader(time), new SidecarRecords(paths),
                root),
            new ReconcileRequest(paths.ReconcileRequest, time, loggers.CreateLogger<ReconcileRequest>()),
            version,
            loggers.CreateLogger<SidecarService>());

        // A daemon that runs as root runs the privileged reconcile itself, because no unit does.
        var inProcess = Environment.IsPrivilegedProcess
            ? new InProcessReconciler(context, paths, events, new CommandRunner(), loggers.CreateLogger<InProcessReconciler>())
            : null;

        if (inProcess is not null)
            events.NotifyOnChange(inProcess.Signal);

        var nonces = new DialBackNonces(time, RandomNumberGenerator.Fill);
        var report = new ReportService(
            context,
            states,
            clients,
            new ReportBuilder(
                new HostReportSource(version, states, status, BootInstance.LoadOrCreate(paths.Instance, RandomNumberGenerator.Fill)), time),
            new DialBack(identity, nonces, ListeningSockets.AnswerOthersOn),
            new RetryDelay(Jitter.Next));
        var renewal = new TokenRenewalService(
            context, new(states.Settings, tokens, new RenewedTokenFile(paths.RenewedToken), identity), clients, states.Renewal, Jitter.Next,
            loggers.CreateLogger<TokenRenewalService>());
        // The report contains the conditions, which change after the states that trigger the report.
        status.NotifyOnConditionChange(report.Signal);

        var reachability = new ReachabilityService(
            context,
            states,
            new ReachabilityObserver(new Prober(time, names), time, SidecarComposition.Captured(time)),
            dashboardIsBack: () =>
            {
                clients.Renew();
                mesh.Signal.Set();
                report.Signal.Set();
                sidecar.Retry();
            });

        return
        [
            new ReloadOnHangup(
                status,
                settings,
                clients,
                [mesh.Signal, firewall.Signal, address.Signal, reachability.Signal, report.Signal, sidecar.Signal]),
            settings,
            new ListenerService(Sites(status, nonces, self, time), states.Listeners, time, loggers),
            status,
            new HostChangeService(
                [
                    new FileEvents(
                        "events of the settings and the token", HostChange.Settings, paths.Settings, paths.BearerToken, paths.RenewedToken),
                    new AddressEvents(),
                    new NftEvents(() => firewall.DoSetsDecide),
                    new XtablesLockEvents(),
                    new FirewalldEvents(),
                    new UnitEvents(SidecarObserver.Unit, HostChange.Sidecar),
                    .. inProcess is null
                        ? (EventSource[])[]
                        : [new FileEvents("events of reconcile requests", HostChange.ReconcileRequest, paths.ReconcileRequest)],
                    new FileEvents(
                        "events of the sidecar's files",
                        HostChange.Sidecar,
                        [.. SidecarFiles.Watched, .. InstalledPackage.Databases, paths.RootReport]),
                ],
                [
                    new(HostChange.Settings, settings.Signal),
                    new(HostChange.Addresses, address.Signal),
                    new(HostChange.Addresses, reachability.Signal),
                    new(HostChange.OwnRules, firewall.OwnRulesChanged),
                    new(HostChange.Firewalld, firewall.FirewalldChanged),
                    new(HostChange.Firewall | HostChange.Firewalld, firewall.Signal),
                    new(HostChange.Sidecar, sidecar.Signal),
                    .. inProcess is null ? (HostChangeRoute[])[] : [new(HostChange.ReconcileRequest, inProcess.Signal)],
                ],
                events,
                context.Fault,
                loggers.CreateLogger<HostChangeService>()),
            mesh,
            firewall,
            address,
            reachability,
            sidecar,
            .. inProcess is null ? (IHostedService[])[] : [inProcess],
            report,
            renewal,
            new IdleMemoryService(context, MemorySource.ThisProcess),
        ];
    }

    private static IReadOnlyList<EndpointPort> Sites(StatusService status, DialBackNonces nonces, StatusIdentity self, TimeProvider time)
    {
        var agent = new AgentEndpoint(() => status.IsReady, () => status.Metrics(), nonces.IsValid, self.Uuid);
        var sidecar = new SidecarMetricsEndpoint(time, new SidecarMetricsLimits());
        return
        [
            new("agent", Contract.DashboardApi.AgentPort, agent.ServeAsync),
            new("sidecar-metrics", Contract.DashboardApi.SidecarMetricsPort, sidecar.ServeAsync),
        ];
    }
}
