using System.Security.Cryptography;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Systemd;
using Serilog;
using SmmAgent.Core.Settings;
using SmmAgent.Daemon.Listeners;
using SmmAgent.Daemon.Loop;
using SmmAgent.Linux.Dashboard;
using SmmAgent.Linux.Events;
using SmmAgent.Linux.Host;
using SmmAgent.Linux.Network;
using SmmAgent.Linux.State;
using SmmAgent.Linux.Systemd;

namespace SmmAgent.Daemon;

/// <summary>Puts the daemon together.</summary>
public static class DaemonHost
{
    /// <summary>How long the services have to end. systemd's own limit is far longer; two seconds are the promise.</summary>
    private static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(1.5);

    public static IHost Build(AgentPaths paths, string version, ServiceNotifier notifier, Serilog.ILogger logger)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ApplicationName = "smm-agent" });
        builder.Logging.AddSerilog(logger);
        builder.Services
            .Configure<HostOptions>(options => options.ShutdownTimeout = ShutdownTimeout)
            .Configure<ConsoleLifetimeOptions>(options => options.SuppressStatusMessages = true)
            .AddSingleton(paths)
            .AddSingleton(notifier)
            .AddLoops()
            .AddDashboard(paths, version)
            .AddNetwork(paths)
            .AddFirewall(paths)
            .AddStatus(paths, version);
        if (notifier.IsEnabled)
        {
            builder.Services
                .AddSingleton<ISystemdNotifier, LifetimeNotifier>()
                .AddSingleton<IHostLifetime, SystemdLifetime>();
        }

        // Started in this order: what others read at their start comes first, and no change is missed once the first look is due.
        // With the settings read and the ports served the agent works; READY need not wait for what the others load.
        // SIGHUP comes first of all: who hears READY may send it, and nobody's SIGHUP ends the process.
        builder.Services
            .AddHostedService(services => new ReloadOnHangup(
                services.GetRequiredService<StatusService>(),
                services.GetRequiredService<SettingsService>(),
                services.GetRequiredService<DashboardClients>(),
                [
                    services.GetRequiredService<MeshConfigService>().Wake,
                    services.GetRequiredService<FirewallService>().Wake,
                    services.GetRequiredService<ExternalAddressService>().Wake,
                    services.GetRequiredService<ReachabilityService>().Wake,
                    services.GetRequiredService<ReportService>().Wake,
                ]))
            .AddHostedService(services => services.GetRequiredService<SettingsService>())
            .AddHostedService<ListenerService>()
            .AddHostedService(services => services.GetRequiredService<StatusService>())
            .AddHostedService<HostChangeService>()
            .AddHostedService(services => services.GetRequiredService<MeshConfigService>())
            .AddHostedService(services => services.GetRequiredService<FirewallService>())
            .AddHostedService(services => services.GetRequiredService<ExternalAddressService>())
            .AddHostedService(services => services.GetRequiredService<ReachabilityService>())
            .AddHostedService(services => services.GetRequiredService<ReportService>())
            .AddHostedService<IdleMemoryService>();
        return builder.Build();
    }

    private static IServiceCollection AddLoops(this IServiceCollection services)
    {
        var states = new AgentStates();
        return services
            .AddSingleton(TimeProvider.System)
            .AddSingleton<LoopProgress>()
            .AddSingleton<ProcessFault>()
            .AddSingleton<LoopContext>()
            .AddSingleton(states)
            .AddSingleton(states.Settings)
            .AddSingleton(states.Mesh)
            .AddSingleton(states.Address)
            .AddSingleton(states.Reachability)
            .AddSingleton(states.Ports)
            .AddSingleton(states.Cluster)
            .AddSingleton(states.Listeners)
            .AddSingleton(new Latest<EventSourcesState>(EventSourcesState.AllUp))
            .AddSingleton<SettingsService>();
    }

    private static IServiceCollection AddDashboard(this IServiceCollection services, AgentPaths paths, string version) => services
        .AddSingleton<Func<double>>(NextRandom)
        .AddSingleton(new BearerTokenFile(paths.BearerToken))
        .AddSingleton(s => new DashboardClients(s.GetRequiredService<BearerTokenFile>(), version, s.GetRequiredService<TimeProvider>()))
        .AddSingleton<DashboardRetry>()
        .AddSingleton(new LastGoodMeshConfig(paths.LastGoodMeshConfig))
        .AddSingleton<MeshConfigService>()
        .AddSingleton(_ => AgentIdentity.LoadOrCreate(paths.Identity, RandomNumberGenerator.Fill))
        .AddSingleton(s => new DialBackNonces(s.GetRequiredService<TimeProvider>(), RandomNumberGenerator.Fill))
        .AddSingleton(s => new DialBack(s.GetRequiredService<AgentIdentity>(), s.GetRequiredService<DialBackNonces>(), ListeningSockets.AnswerOthersOn))
        .AddSingleton<ReportInputs>()
        .AddSingleton<Core.Mesh.RetryDelay>()
        .AddSingleton(s => new ReportSource(
            () => HostFacts.Read(),
            () => new(version, null),
            InterfaceAddresses.Read,
            () => s.GetRequiredService<StatusService>().Conditions,
            s.GetRequiredService<TimeProvider>()))
        .AddSingleton(s =>
        {
            var report = ActivatorUtilities.CreateInstance<ReportService>(s);
            // It tells the conditions, and the states that wake it come before them.
            s.GetRequiredService<StatusService>().WakeOnConditionChange(report.Wake);
            return report;
        });

    private static IServiceCollection AddNetwork(this IServiceCollection services, AgentPaths paths) => services
        .AddSingleton(s => new NameLookup(s.GetRequiredService<TimeProvider>()))
        .AddSingleton(s => new AddressSources(
            new AddressProviderClient(s.GetRequiredService<TimeProvider>(), s.GetRequiredService<NameLookup>()),
            new DirectRoute(s.GetRequiredService<TimeProvider>(), s.GetRequiredService<NameLookup>()),
            new LastKnownAddressFile(paths.LastKnownAddress)))
        .AddSingleton<ExternalAddressService>()
        .AddSingleton(s => new ReachabilityObserver(
            new Prober(s.GetRequiredService<TimeProvider>(), s.GetRequiredService<NameLookup>()), s.GetRequiredService<TimeProvider>()))
        .AddSingleton(s => ActivatorUtilities.CreateInstance<ReachabilityService>(s, () =>
        {
            s.GetRequiredService<DashboardClients>().Renew();
            s.GetRequiredService<MeshConfigService>().Wake.Set();
            s.GetRequiredService<ReportService>().Wake.Set();
        }));

    private static IServiceCollection AddFirewall(this IServiceCollection services, AgentPaths paths) => services
        .AddSingleton(s => HostFirewallPass.Create(paths, s.GetRequiredService<TimeProvider>()))
        .AddSingleton<FirewallStates>()
        .AddSingleton<FirewallService>()
        .AddSingleton<IReadOnlyList<EventSource>>(_ =>
        [
            new FileEvents(HostChange.Settings, paths.Settings, paths.BearerToken),
            new AddressEvents(),
            new NftEvents(),
            new XtablesLockEvents(),
            new FirewalldEvents(),
        ])
        .AddSingleton<IReadOnlyList<WakeRoute>>(s =>
        [
            new(HostChange.Settings, s.GetRequiredService<SettingsService>().Wake),
            new(HostChange.Addresses, s.GetRequiredService<ExternalAddressService>().Wake),
            new(HostChange.Addresses, s.GetRequiredService<ReachabilityService>().Wake),
            new(HostChange.Firewall | HostChange.Firewalld, s.GetRequiredService<FirewallService>().Wake),
        ]);

    private static IServiceCollection AddStatus(this IServiceCollection services, AgentPaths paths, string version) => services
        .AddSingleton(s => new StatusIdentity(
            version, paths.Status, () => s.GetRequiredService<AgentIdentity>().Uuid(s.GetRequiredService<Latest<SettingsState>>().Value.Settings)))
        .AddSingleton<StatusService>()
        .AddSingleton(s => new SidecarMetricsSite(s.GetRequiredService<TimeProvider>(), new SidecarMetricsLimits()))
        .AddSingleton(s => new AgentSite(
            () => s.GetRequiredService<StatusService>().IsReady,
            () => s.GetRequiredService<StatusService>().Metrics(),
            s.GetRequiredService<DialBackNonces>().IsValid,
            s.GetRequiredService<StatusIdentity>().Uuid))
        .AddSingleton<IReadOnlyList<SitePort>>(s =>
        [
            new("agent", Contract.DashboardApi.AgentPort, s.GetRequiredService<AgentSite>().ServeAsync),
            new("sidecar-metrics", Contract.DashboardApi.SidecarMetricsPort, s.GetRequiredService<SidecarMetricsSite>().ServeAsync),
        ]);

#pragma warning disable RS0030, CA5394 // The one place where randomness enters; it spreads retries and guards nothing.
    private static double NextRandom() => Random.Shared.NextDouble();
#pragma warning restore RS0030, CA5394
}
