using System.Diagnostics.CodeAnalysis;
using System.Net;
using SmmDashboard.Access;
using SmmDashboard.Admin.Machines;
using SmmDashboard.Admin.Mesh;
using SmmDashboard.Admin.Viewers;
using SmmDashboard.DialBack;
using SmmDashboard.Embedded.Agents;
using SmmDashboard.Groups;
using SmmDashboard.Hosting;
using SmmDashboard.Kubernetes;
using SmmDashboard.Kubernetes.Agents;
using SmmDashboard.Kubernetes.Api;
using SmmDashboard.Kubernetes.DialBack;
using SmmDashboard.Kubernetes.Mesh;
using SmmDashboard.Kubernetes.Registration;
using SmmDashboard.Kubernetes.Rights;
using SmmDashboard.Kubernetes.Tokens;
using SmmDashboard.Kubernetes.Viewers;
using SmmDashboard.Registration;
using SmmDashboard.Status;
using SmmDashboard.Tokens;

namespace SmmDashboard.Startup;

/// <summary>Composes the mode in which everything is read from the Kubernetes API.</summary>
internal static class KubernetesMode
{
    /// <exception cref="ApiSettingsException">The kubeconfig or the pod's service account cannot be used.</exception>
    public static void Add(IServiceCollection services, DashboardOptions dashboard, KubernetesOptions options, DashboardTestHooks hooks)
    {
        var settings = Settings(options, hooks.Clock);
        services.AddSingleton(options with { Namespace = settings.Namespace ?? options.Namespace });
        services.AddSingleton(new CurrentMesh(new MeshSettings(options.PublicUrl, options.MinimumAgentVersion)));
        services.AddSingleton(new KubernetesApi(settings, hooks.Clock)).AddSingleton(hooks.Random);
        services.AddPart<ClusterWatch>().AddPart<FaultReports>().AddPart<KubernetesMesh>();
        services.AddSingleton<WatchedEntries>().AddSingleton<IRegistrations, KubernetesRegistrations>();
        services.AddSingleton(new TokenOptions(options.TokenAudience, options.AcceptApiServerTokens)).AddSingleton<TokenRequester>()
            .AddSingleton<ITokenValidator, ReviewedTokens>().AddSingleton<ISidecarTokens, RequestedTokens>()
            .AddSingleton<IAgentTokens, RenewedTokens>();
        services.AddPart<RangeWatches>();
        services.AddSingleton<IClusterRanges>(provider => new KubernetesRanges(
            provider.GetRequiredService<RangeWatches>(), new ServerAddresses(settings.Server, Dns.GetHostAddressesAsync, hooks.Clock),
            new PodLookup(provider.GetRequiredService<KubernetesApi>(), hooks.Clock),
            () => provider.GetRequiredService<ClusterWatch>().Services,
            options.ClusterRanges));
        services.AddPart(provider => Machines(provider, hooks, dashboard))
            .AddSingleton(provider => provider.GetRequiredService<AttachedMachines>().Store)
            .AddSingleton<IMachineSource>(provider => provider.GetRequiredService<AttachedMachines>())
            .AddSingleton<IMeshView, ComposedMeshView>().AddSingleton<IViewers, ReviewedViewers>();
        services.AddPart(provider => Rights(provider, isShown: dashboard.Admin is not null));
    }

    /// <exception cref="ApiSettingsException">The kubeconfig or the pod's service account cannot be used.</exception>
    public static ApiSettings Settings(KubernetesOptions options, TimeProvider clock) => options.Kubeconfig is { } file
        ? ApiSettings.FromKubeconfig(file, clock)
        : ApiSettings.InCluster(Environment.GetEnvironmentVariable, ApiSettings.ServiceAccountFolder, clock);

    private static RightsWatch Rights(IServiceProvider provider, bool isShown)
    {
        var (options, mesh) = (provider.GetRequiredService<KubernetesOptions>(), provider.GetRequiredService<KubernetesMesh>());
        return new RightsWatch(
            new AccessReviews(provider.GetRequiredService<KubernetesApi>(), account: null),
            () =>
            [
                .. DashboardRights.All(DashboardPlaces.From(options.Namespace, options.IstioNamespaces, options.Gateways, mesh.Composed)),
                .. isShown ? DashboardRights.ForAdmin : [],
            ],
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<RightsWatch>>(),
            provider.GetRequiredService<BackgroundFailure>());
    }

    private static AttachedMachines Machines(IServiceProvider provider, DashboardTestHooks hooks, DashboardOptions dashboard)
    {
        var options = provider.GetRequiredService<KubernetesOptions>();
        var cluster = provider.GetRequiredService<ClusterWatch>();
        var failure = provider.GetRequiredService<BackgroundFailure>();
        return new AttachedMachines(
            provider.GetRequiredService<KubernetesApi>(),
            new MachineGroups(() => cluster.WorkloadGroups.State, provider.GetRequiredService<WatchedEntries>().Candidates),
            new FileAgentStore(null, hooks.Clock, provider.GetRequiredService<ILogger<FileAgentStore>>(), dashboard.NewAgents,
                dashboard.AgentsPerGroup,
                keepsReports: dashboard.Admin is not null || dashboard.Status is not null),
            new MachineSettings(options.Namespace, options.Replica)
            {
                LimitPerGroup = dashboard.AgentsPerGroup,
                NewAgents = dashboard.NewAgents
            },
            new MachineSeams(
                hooks.Clock,
                hooks.Random,
                provider.GetRequiredService<ILogger<AttachedMachines>>(),
                defect => failure.Report(nameof(AttachedMachines), defect)));
    }

    /// <summary>Adds a background service that other components use, and its readiness and metrics if it implements them.</summary>
    private static IServiceCollection AddPart<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] T>(
        this IServiceCollection services)
        where T : class, IHostedService =>
        services.AddPart(provider => ActivatorUtilities.CreateInstance<T>(provider));

    private static IServiceCollection AddPart<T>(this IServiceCollection services, Func<IServiceProvider, T> make)
        where T : class, IHostedService
    {
        services.AddSingleton(make).AddHostedService(provider => provider.GetRequiredService<T>());
        if (typeof(T).IsAssignableTo(typeof(IReadiness)))
            services.AddSingleton(provider => (IReadiness)provider.GetRequiredService<T>());
        if (typeof(T).IsAssignableTo(typeof(IMetricSource)))
            services.AddSingleton(provider => (IMetricSource)provider.GetRequiredService<T>());
        return services;
    }
}
