using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using SmmDashboard.Embedded.Mesh;

namespace SmmDashboard.Kubernetes.Tests.Running;

/// <summary>
/// The real API server with the objects of real control planes of both kinds in <c>istio-system</c>: plain Istio with revisions and a tag,
/// and one of the SMM operator. Its tests are of the collection <see cref="Changes"/>: they change the objects.
/// </summary>
public sealed class MeshCluster
{
    public const string Changes = "tests that change the mesh's objects";

    /// <summary>A group of the SMM operator's mesh.</summary>
    public const string SmmGroup = "v1/namespaces/vm-smm/workloadgroups/analytics-v0";

    private static readonly Dictionary<string, string> Paths = new()
    {
        ["Namespace"] = "api/v1/namespaces",
        ["ConfigMap"] = "api/v1/namespaces/{0}/configmaps",
        ["Service"] = "api/v1/namespaces/{0}/services",
        ["ServiceAccount"] = "api/v1/namespaces/{0}/serviceaccounts",
        ["Secret"] = "api/v1/namespaces/{0}/secrets",
        ["Deployment"] = "apis/apps/v1/namespaces/{0}/deployments",
        ["EndpointSlice"] = "apis/discovery.k8s.io/v1beta1/namespaces/{0}/endpointslices",
        ["MutatingWebhookConfiguration"] = "apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations",
        ["ValidatingWebhookConfiguration"] = "apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations",
        ["CustomResourceDefinition"] = "apis/apiextensions.k8s.io/v1/customresourcedefinitions",
        ["WorkloadGroup"] = "apis/networking.istio.io/v1beta1/namespaces/{0}/workloadgroups",
        ["WorkloadEntry"] = "apis/networking.istio.io/v1beta1/namespaces/{0}/workloadentries",
        ["IstioControlPlane"] = "apis/servicemesh.cisco.com/v1alpha1/namespaces/{0}/istiocontrolplanes",
    };

    private readonly RunningApiServer _server;
    private readonly Lazy<Task> _applied;

    public MeshCluster(RunningApiServer server)
    {
        _server = server;
        _applied = new(ApplyAllAsync);
    }

    public RunningApiServer Server => _server;

    /// <summary>Applies the objects for the first test that needs them.</summary>
    public async Task RequireAsync()
    {
        await _server.RequireAsync();
        await _applied.Value;
    }

    /// <summary>Creates or replaces an object, and its status.</summary>
    public async Task ApplyAsync(string yaml)
    {
        var bytes = MeshDescriptionYaml.ToJson(yaml).Json ?? throw new InvalidOperationException($"not YAML: {yaml}");
        var item = JsonNode.Parse(bytes)!.AsObject();
        if (item["kind"] is null)
            return;

        IstioObjects.Portable(item);
        var path = string.Format(null, Paths[item["kind"]!.GetValue<string>()], Text(item["metadata"]!["namespace"]));
        var name = Text(item["metadata"]!["name"]);
        var status = item["status"]?.DeepClone();
        item.Remove("status");
        await WriteAsync(path, name, item);
        if (status is JsonObject { Count: > 0 })
        {
            await _server.AdminAsync(
                HttpMethod.Patch, HasStatus(item) ? $"{path}/{name}/status" : $"{path}/{name}",
                new JsonObject { ["status"] = status }.ToJsonString(),
                "application/merge-patch+json");
        }
    }

    public Task PatchAsync(string kind, string space, string name, string patch) =>
        _server.AdminAsync(HttpMethod.Patch, $"{string.Format(null, Paths[kind], space)}/{name}", patch, "application/merge-patch+json");

    public Task PatchStatusAsync(string kind, string space, string name, string patch) =>
        _server.AdminAsync(HttpMethod.Patch, $"{string.Format(null, Paths[kind], space)}/{name}/status", patch,
            "application/merge-patch+json");

    public Task DeleteAsync(string kind, string space, string name) =>
        _server.AdminAsync(HttpMethod.Delete, $"{string.Format(null, Paths[kind], space)}/{name}");

    public async Task<JsonNode> GetAsync(string kind, string space, string name) =>
        await ListAsync($"{string.Format(null, Paths[kind], space)}/{name}");

    /// <summary>Patches an object, or its status where the patch is of that.</summary>
    public Task ChangeAsync(string kind, string space, string name, string patch) =>
        patch.StartsWith("{\"status\"", StringComparison.Ordinal) ? PatchStatusAsync(kind, space, name, patch)
        : PatchAsync(kind, space, name, patch);

    /// <summary>Writes an object as it was read.</summary>
    public async Task RestoreAsync(string kind, string space, string name, JsonNode before)
    {
        var path = $"{string.Format(null, Paths[kind], space)}/{name}";
        foreach (var where in (string[])[path, $"{path}/status"])
        {
            if (where.EndsWith("/status", StringComparison.Ordinal) && before["status"] is null)
                continue;

            var copy = before.DeepClone();
            copy["metadata"]!["resourceVersion"] = (await ListAsync(path))["metadata"]!["resourceVersion"]!.GetValue<string>();
            await _server.AdminAsync(HttpMethod.Put, where, copy.ToJsonString(), "application/json");
        }
    }

    public async Task<JsonNode> ListAsync(string path) => JsonNode.Parse(await _server.AdminAsync(HttpMethod.Get, path))!;

    /// <summary>A token of a service account, as an operator makes one.</summary>
    public async Task<string> TokenAsync(string space, string account, string audience = "smm-dashboard", string? secret = null)
    {
        var spec = new JsonObject { ["audiences"] = new JsonArray(audience), ["expirationSeconds"] = 3600 };
        if (secret is not null)
            spec["boundObjectRef"] = new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Secret", ["name"] = secret };
        var answer = await _server.AdminAsync(
            HttpMethod.Post, $"api/v1/namespaces/{space}/serviceaccounts/{account}/token",
            new JsonObject { ["apiVersion"] = "authentication.k8s.io/v1", ["kind"] = "TokenRequest", ["spec"] = spec }.ToJsonString(),
            "application/json");
        return JsonNode.Parse(answer)!["status"]!["token"]!.GetValue<string>();
    }

    private async Task ApplyAllAsync()
    {
        foreach (var definition in IstioObjects.Documents("istio-crds").Append(IstioObjects.ControlPlaneKind))
            await ApplyAsync(definition);
        foreach (var path in (string[])[
            "apis/networking.istio.io/v1beta1/workloadgroups", "apis/networking.istio.io/v1beta1/workloadentries",
                "apis/servicemesh.cisco.com/v1alpha1/istiocontrolplanes"])
            await UntilServedAsync(path);

        var objects = IstioObjects.Documents("upstream/cluster").Concat(IstioObjects.Documents("operator")).Concat(SmmObjects()).ToList();
        foreach (var yaml in objects.OrderBy(yaml => yaml.Contains("\nkind: Namespace\n", StringComparison.Ordinal) ? 0 : 1))
            await ApplyAsync(yaml);
        foreach (var group in (await ListAsync("apis/networking.istio.io/v1beta1/workloadgroups"))["items"]!.AsArray())
        {
            var account = Text(group!["spec"]?["template"]?["serviceAccount"]) is { Length: > 0 } named ? named : "default";
            await ApplyAsync(
                $"{{apiVersion: v1, kind: ServiceAccount, metadata: {{name: {account}, namespace: {group["metadata"]!["namespace"]}}}}}");
        }
    }

    private async Task WriteAsync(string path, string name, JsonObject item)
    {
        using var made = await _server.Admin.PostAsync(path, Json(item), TestContext.Current.CancellationToken);
        if (made.StatusCode == HttpStatusCode.Conflict)
            await _server.AdminAsync(HttpMethod.Patch, $"{path}/{name}", item.ToJsonString(), "application/merge-patch+json");
        else if (!made.IsSuccessStatusCode)
            throw new InvalidOperationException(
                $"POST {path}: {await made.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)}\n{item.ToJsonString()}");
    }

    private static bool HasStatus(JsonObject item) =>
        Text(item["kind"]) is "Service" or "Deployment" or "Namespace" or "WorkloadGroup" or "WorkloadEntry";

    private static string[] SmmObjects()
    {
        var root = Cluster.Upstream.ConfigMaps.First(map => map.Metadata.Name == "istio-ca-root-cert").Data.RootCertificate;
        return
        [
            $"{{apiVersion: v1, kind: Namespace, metadata: {{name: vm-smm, labels: {{istio.io/rev: {Cluster.Operated}}}}}}}",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio-ca-root-cert-cp-v117x, namespace: vm-smm}\ndata:\n  root-cert.pem: "
                + $"|\n    {root!.TrimEnd().Replace("\n", "\n    ", StringComparison.Ordinal)}\n",
            """
            apiVersion: networking.istio.io/v1beta1
            kind: WorkloadGroup
            metadata: { name: analytics-v0, namespace: vm-smm }
            spec:
              metadata: { labels: { app: analytics, version: v0 } }
              template: { network: vm-network-1, serviceAccount: default, ports: { http: 8080 } }
            """,
        ];
    }

    private async Task UntilServedAsync(string path)
    {
        var isServed = false;
        while (!isServed)
        {
            using var answer = await _server.Admin.GetAsync(path, TestContext.Current.CancellationToken);
            isServed = answer.IsSuccessStatusCode;
            if (!isServed)
                await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }

    private static StringContent Json(JsonNode item) => new(item.ToJsonString(), Encoding.UTF8, "application/json");

    private static string Text(JsonNode? node) =>
        node is JsonValue value && value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : "";
}

[CollectionDefinition(MeshCluster.Changes)]
public sealed class MeshChangeTests : ICollectionFixture<MeshCluster>;
