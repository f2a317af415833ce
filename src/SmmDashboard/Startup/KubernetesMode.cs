using System.Diagnostics.CodeAnalysis;
using SmmDashboard.Kubernetes;
using SmmDashboard.Kubernetes.Api;
using SmmDashboard.Kubernetes.Serving;
using SmmDashboard.Mesh;
using SmmDashboard.Registration;
using SmmDashboard.Status;

namespace SmmDashboard.Startup;

/// <summary>Everything comes from the Kubernetes API.</summary>
internal static class KubernetesMode
{
    /// <exception cref="ApiSettingsException">The kubeconfig or the pod's service account cannot be used.</exception>
    public static void Add(IServiceCollection services, KubernetesOptions options, DashboardSeams seams)
    {
        var settings = options.Kubeconfig is { } file
            ? ApiSettings.FromKubeconfig(file, seams.Clock)
            : ApiSettings.InCluster(Environment.GetEnvironmentVariable, ApiSettings.ServiceAccountFolder, seams.Clock);
        services.AddSingleton(options with { Namespace = settings.Namespace ?? options.Namespace });
        services.AddSingleton(new CurrentMesh(new MeshSettings(options.PublicUrl, options.MinimumAgentVersion)));
        services.AddSingleton(new KubernetesApi(settings, seams.Clock)).AddSingleton(seams.Random);
        services.AddPart<ClusterWatch>().AddPart<FaultReports>().AddPart<KubernetesMesh>();
        services.AddSingleton<IRegistrations, KubernetesRegistrations>();
    }

    /// <summary>A background service that other parts use, and that has a readiness or metrics where it says so.</summary>
    private static IServiceCollection AddPart<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] T>(this IServiceCollection services)
        where T : class, IHostedService
    {
        services.AddSingleton<T>().AddHostedService(provider => provider.GetRequiredService<T>());
        if (typeof(T).IsAssignableTo(typeof(IReadiness)))
            services.AddSingleton(provider => (IReadiness)provider.GetRequiredService<T>());
        if (typeof(T).IsAssignableTo(typeof(IMetricSource)))
            services.AddSingleton(provider => (IMetricSource)provider.GetRequiredService<T>());
        return services;
    }
}
