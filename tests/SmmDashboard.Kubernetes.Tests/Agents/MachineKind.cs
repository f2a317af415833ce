using SmmDashboard.Kubernetes.Tests.Deploy;
using SmmDashboard.Kubernetes.Tests.Running;

namespace SmmDashboard.Kubernetes.Tests.Agents;

/// <summary>The kind AttachedMachine in the test's API server. It belongs to the whole cluster: its tests run alone.</summary>
internal static class MachineKind
{
    public const string Api = "apis/smm-agent.io/v1alpha1";
    private const string Crds = "apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    private const string Name = "attachedmachines.smm-agent.io";

    public static async Task InstallAsync(RunningApiServer server)
    {
        if (!await IsServedAsync(server, $"{Crds}/{Name}"))
            await server.AdminAsync(HttpMethod.Post, Crds, await File.ReadAllTextAsync(Path.Combine(Manifests.Source, "base", "crd.yaml")));
        await UntilAsync(server, isServed: true);
    }

    public static async Task RemoveAsync(RunningApiServer server)
    {
        if (await IsServedAsync(server, $"{Crds}/{Name}"))
            await server.AdminAsync(HttpMethod.Delete, $"{Crds}/{Name}");
        await UntilAsync(server, isServed: false);
    }

    private static async Task UntilAsync(RunningApiServer server, bool isServed)
    {
        for (var end = DateTime.UtcNow + Until.Patience; await IsServedAsync(server, $"{Api}/attachedmachines") != isServed;)
        {
            Assert.True(DateTime.UtcNow < end, $"the kind is served: {!isServed}");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    private static async Task<bool> IsServedAsync(RunningApiServer server, string path)
    {
        using var response = await server.Admin.GetAsync(path, TestContext.Current.CancellationToken);
        return response.IsSuccessStatusCode;
    }
}
