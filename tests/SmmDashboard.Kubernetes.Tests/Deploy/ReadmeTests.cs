using System.Text.Json;
using System.Text.RegularExpressions;
using SmmAgent.Testbed;
using SmmDashboard.Kubernetes.Tests.Running;

namespace SmmDashboard.Kubernetes.Tests.Deploy;

/// <summary>The commands of <c>deploy/kubernetes/README.md</c>, with the real kubectl and API server.</summary>
[Collection(DeployedCluster.Tests)]
public sealed partial class ReadmeTests(RunningApiServer server, DeployedCluster cluster)
{
    private const string Account = "system:serviceaccount:vm-integration:analytics";

    [Fact]
    public async Task VmTokenBelongsToItsAccountAndEndsWithItsSecret()
    {
        await cluster.RequireAsync();
        await cluster.CreateKindsAsync(Cluster.File("Oracles/istio-crds/workload.yaml"), "apis/networking.istio.io/v1beta1/workloadgroups");
        using var manifests = new Manifests();
        var readme = Commands().Match(
            await File.ReadAllTextAsync(Path.Combine(Manifests.Source, "README.md"), TestContext.Current.CancellationToken));
        Assert.True(readme.Success);
        manifests.Write("kubeconfig", RunningDashboard.Kubeconfig(server, server.Address, RunningApiServer.AdminToken));

        await RunAsync(manifests, readme.Groups["make"].Value);
        var token = await File.ReadAllTextAsync(Path.Combine(manifests.Folder, "bearer-token"), TestContext.Current.CancellationToken);
        Assert.Equal(Account, await UserAsync(token));

        await RunAsync(manifests, readme.Groups["end"].Value);
        await RunningDashboard.UntilAsync("the token has ended", async () => await UserAsync(token) is null);
    }

    private static async Task RunAsync(Manifests manifests, string commands)
    {
        var run = await Terminal.PipedAsync(
            ["bash", "-euc", $"cd \"$1\"\n{commands}", "bash", manifests.Folder],
            $"KUBECONFIG={Path.Combine(manifests.Folder, "kubeconfig")}", $"HOME={manifests.Folder}",
            $"PATH={KubeAssets.Folder}:/usr/bin:/bin");
        Assert.True(run.ExitCode == 0, run.Error);
    }

    private async Task<string?> UserAsync(string token)
    {
        var review = JsonSerializer.Serialize(new
        {
            apiVersion = "authentication.k8s.io/v1", kind = "TokenReview",
            spec = new { token = token.Trim(), audiences = (string[])["smm-dashboard"] },
        });
        using var answer = JsonDocument.Parse(
            await server.AdminAsync(HttpMethod.Post, "apis/authentication.k8s.io/v1/tokenreviews", review, "application/json"));
        return answer.RootElement.GetProperty("status").TryGetProperty("user", out var user)
            && user.TryGetProperty("username", out var name) ? name.GetString() : null;
    }

    [GeneratedRegex(
        """^## A VM\n.*?\n\n(?<make>    kubectl apply -f samples.*?)\n\n    # on the VM\n.*?\n(?<end>    kubectl -n vm-integration delete secret[^\n]*)""", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Commands();
}
