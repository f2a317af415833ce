using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using SmmDashboard.Kubernetes.Tests.Running;

namespace SmmDashboard.Kubernetes.Tests.Deploy;

[CollectionDefinition(DeployedCluster.Tests)]
public sealed class DeployedClusterTests : ICollectionFixture<DeployedCluster>;

/// <summary>
/// The real API server with <c>overlays/upstream</c> applied, and a client with the rights of the dashboard's service account.
/// </summary>
public sealed class DeployedCluster : IDisposable
{
    public const string Tests = "tests of what deploy/kubernetes applies";
    public const string Account = "system:serviceaccount:smm-dashboard:smm-dashboard";

    private readonly RunningApiServer _server;
    private readonly Lazy<Task> _applied;
    private readonly List<string> _notServed = [];
    private HttpClient? _dashboard;

    public DeployedCluster(RunningApiServer server)
    {
        _server = server;
        _applied = new(ApplyAsync);
    }

    /// <summary>The objects of kinds that this API server does not serve, which were left out.</summary>
    public IReadOnlyList<string> NotServed => _notServed;

    public async Task RequireAsync()
    {
        await _server.RequireAsync();
        await _applied.Value;
    }

    /// <summary>Creates kinds that are not there, as an administrator, and waits until they are served.</summary>
    /// <param name="yaml">CustomResourceDefinitions.</param>
    /// <param name="path">The last kind's.</param>
    public async Task CreateKindsAsync(string yaml, string path)
    {
        foreach (var manifest in Manifests.Read(yaml))
            Assert.True(await CreateAsync(manifest), $"{manifest}");
        await ServedAsync(path);
    }

    /// <summary>A call of the dashboard's service account, with a real token.</summary>
    public async Task<(HttpStatusCode Status, string Body)> CallAsync(string method, string path, string? body = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (body is not null)
            request.Content = new StringContent(
                body, Encoding.UTF8, method == "PATCH" ? "application/merge-patch+json" : "application/json");
        using var response = await _dashboard!.SendAsync(request, TestContext.Current.CancellationToken);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    public void Dispose() => _dashboard?.Dispose();

    private async Task ApplyAsync()
    {
        using var manifests = new Manifests();
        foreach (var name in (string[])["istio-system", "vm-integration", "other"])
            await CreateAsync(new("v1", "Namespace", null, name, $"{{apiVersion: v1, kind: Namespace, metadata: {{name: {name}}}}}"));
        foreach (var name in (string[])["analytics", "default"])
            await CreateAsync(
                new("v1", "ServiceAccount", "vm-integration", name,
                    $"{{apiVersion: v1, kind: ServiceAccount, metadata: {{name: {name}}}}}"));
        foreach (var manifest in await manifests.RenderAsync("overlays/upstream"))
        {
            if (!await CreateAsync(manifest))
                _notServed.Add($"{manifest}");
        }

        await ServedAsync("apis/smm-agent.io/v1alpha1/attachedmachines");
        var answer = await _server.AdminAsync(HttpMethod.Post, "api/v1/namespaces/smm-dashboard/serviceaccounts/smm-dashboard/token",
            """{"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{"audiences":["https://kubernetes.default.svc"],"expirationSeconds":3600}}""", "application/json");
        using var token = JsonDocument.Parse(answer);
        var handler = new SocketsHttpHandler { SslOptions = { CertificateChainPolicy = RunningApiServer.Trusting(_server.Pki) } };
        _dashboard = new HttpClient(handler) { BaseAddress = _server.Address };
        _dashboard.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
            "Bearer", token.RootElement.GetProperty("status").GetProperty("token").GetString());
    }

    /// <returns>False for a kind that is not served.</returns>
    private async Task<bool> CreateAsync(Manifest manifest)
    {
        var root = manifest.ApiVersion.Contains('/') ? $"apis/{manifest.ApiVersion}" : $"api/{manifest.ApiVersion}";
        if (await PluralAsync(root, manifest.Kind) is not { } plural)
            return false;

        var path = manifest.Namespace is null ? $"{root}/{plural}" : $"{root}/namespaces/{manifest.Namespace}/{plural}";
        using var content = new StringContent(manifest.Yaml, Encoding.UTF8, "application/yaml");
        using var response = await _server.Admin.PostAsync(path, content, TestContext.Current.CancellationToken);
        Assert.True(response.StatusCode is HttpStatusCode.Created or HttpStatusCode.Conflict,
            $"{manifest}: {await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)}");
        return true;
    }

    private async Task<string?> PluralAsync(string root, string kind)
    {
        using var response = await _server.Admin.GetAsync(root, TestContext.Current.CancellationToken);
        if (response.StatusCode == HttpStatusCode.NotFound)
            return null;

        using var list = JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        return list.RootElement.GetProperty("resources").EnumerateArray()
            .Where(resource => resource.GetProperty("kind").GetString() == kind)
            .Select(resource => resource.GetProperty("name").GetString()!)
            .FirstOrDefault(name => !name.Contains('/'));
    }

    private async Task ServedAsync(string path)
    {
        using var atMost = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (true)
        {
            using var response = await _server.Admin.GetAsync(path, atMost.Token);
            if (response.IsSuccessStatusCode)
                return;
            await Task.Delay(50, atMost.Token);
        }
    }
}
