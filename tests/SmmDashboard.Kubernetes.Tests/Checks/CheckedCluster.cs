using System.Net;
using System.Text.Json.Nodes;
using SmmDashboard.Groups;
using SmmDashboard.Kubernetes.Rights;
using SmmDashboard.Kubernetes.Tests.Deploy;
using SmmDashboard.Kubernetes.Tests.Running;
using SmmDashboard.Startup;

namespace SmmDashboard.Kubernetes.Tests.Checks;

[CollectionDefinition(CheckedCluster.Tests)]
public sealed class CheckedClusterTests : ICollectionFixture<CheckedCluster>;

/// <summary>
/// An API server of its own, since <c>check</c> reads a whole cluster: with control planes of both kinds, istiod exposed, and the
/// dashboard's rights. Nothing is missing in it until a test takes something away.
/// </summary>
public sealed class CheckedCluster : IAsyncDisposable
{
    public const string Tests = "tests of smm-dashboard check";

    private const string Rbac = "apis/rbac.authorization.k8s.io/v1";
    private readonly MeshCluster _mesh;
    private readonly Lazy<Task> _made;

    public CheckedCluster()
    {
        _mesh = new(Server);
        _made = new(MakeAsync);
    }

    public RunningApiServer Server { get; } = new();

    public string Kubeconfig => Path.Combine(Path.GetDirectoryName(Server.CaFile)!, "kubeconfig");

    /// <summary>Where the dashboard needs rights in this cluster.</summary>
    public static DashboardPlaces Places { get; } = new(
        "smm-dashboard", ["istio-system"], [], ["istio-ca-root-cert", "istio-ca-root-cert-cp-v117x"],
        [
            .. Cluster.Upstream.WorkloadGroups
                .Select(group => new ServiceAccount(
                    group.Metadata.Namespace, group.Spec.Template.ServiceAccount is { Length: > 0 } named ? named : "default"))
                .Append(new("vm-smm", "default"))
                .Distinct(),
        ]);

    public async Task RequireAsync()
    {
        await Server.RequireAsync();
        await _made.Value;
    }

    /// <summary>Runs the command line.</summary>
    public async Task<(int ExitCode, string Output, string Error)> CheckAsync(params string[] arguments)
    {
        await RequireAsync();
        using var output = new StringWriter();
        using var error = new StringWriter();
        var exitCode = await EntryPoint.MainAsync(
            ["check", "--kubernetes", .. arguments.Contains("--kubeconfig") ? (string[])[] : ["--kubeconfig", Kubeconfig], .. arguments],
            error, output);
        return (exitCode, output.ToString(), error.ToString());
    }

    /// <summary>Changes an object until it is disposed.</summary>
    /// <param name="how">
    /// <c>delete</c>, <c>create</c>, <c>patch</c> or <c>patch-status</c> with a merge patch, or <c>json-patch</c>.
    /// </param>
    /// <param name="path">Of the object; with <c>create</c> of its kind.</param>
    /// <param name="body">The patch or the new object.</param>
    internal async Task<IAsyncDisposable> ChangedAsync(string how, string path, string body)
    {
        await RequireAsync();
        switch (how)
        {
            case "create":
                var made = JsonNode.Parse(await Server.AdminAsync(HttpMethod.Post, path, body))!;
                return new Restored(() => Server.AdminAsync(HttpMethod.Delete, $"{path}/{made["metadata"]!["name"]}"));
            case "delete":
                var gone = await GetAsync(path);
                await Server.AdminAsync(HttpMethod.Delete, path);
                return new Restored(async () =>
                {
                    await Server.AdminAsync(HttpMethod.Post, path[..path.LastIndexOf('/')], Cleaned(gone), "application/json");
                    var status = new JsonObject { ["status"] = gone["status"]?.DeepClone() };
                    return gone["status"] is JsonObject { Count: > 0 }
                        ? await Server.AdminAsync(HttpMethod.Patch, $"{path}/status", status.ToJsonString(), "application/merge-patch+json")
                        : "";
                });
            default:
                var place = how == "patch-status" ? $"{path}/status" : path;
                var before = await GetAsync(path);
                await Server.AdminAsync(
                    HttpMethod.Patch, place, body, how == "json-patch" ? "application/json-patch+json" : "application/merge-patch+json");
                return new Restored(async () =>
                {
                    before["metadata"]!["resourceVersion"] = (await GetAsync(path))["metadata"]!["resourceVersion"]!.DeepClone();
                    return await Server.AdminAsync(HttpMethod.Put, place, before.ToJsonString(), "application/json");
                });
        }
    }

    /// <summary>Grants rights to a service account, each place's in a Role or ClusterRole of one name.</summary>
    public async Task GrantAsync(IEnumerable<Right> rights, string name, ServiceAccount account)
    {
        foreach (var place in rights.GroupBy(right => right.Namespace))
        {
            var (role, path) = place.Key is null ? ("ClusterRole", Rbac) : ("Role", $"{Rbac}/namespaces/{place.Key}");
            var plural = role.ToLowerInvariant();
            await Server.AdminAsync(HttpMethod.Post, $"{path}/{plural}s",
                $"{{apiVersion: rbac.authorization.k8s.io/v1, kind: {role}, metadata: {{name: {name}}}, rules: "
                    + $"[{string.Join(", ", place.Select(right => right.Rule))}]}}");
            await Server.AdminAsync(HttpMethod.Post, $"{path}/{plural}bindings",
                $"{{apiVersion: rbac.authorization.k8s.io/v1, kind: {role}Binding, metadata: {{name: {name}}}, "
                + $"roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: {role}, name: {name}}}, "
                + $"subjects: [{{kind: ServiceAccount, name: {account.Name}, namespace: {account.Namespace}}}]}}");
        }
    }

    /// <summary>A bearer token of a VM.</summary>
    public Task<string> TokenAsync(string @namespace, string account) => _mesh.TokenAsync(@namespace, account);

    /// <summary>A service account, and a token of it for the API server.</summary>
    public async Task<string> AccountAsync(ServiceAccount account)
    {
        var path = $"api/v1/namespaces/{account.Namespace}/serviceaccounts";
        await Server.AdminAsync(HttpMethod.Post, path, $"{{apiVersion: v1, kind: ServiceAccount, metadata: {{name: {account.Name}}}}}");
        var answer = await Server.AdminAsync(
            HttpMethod.Post, $"{path}/{account.Name}/token",
            "{apiVersion: authentication.k8s.io/v1, kind: TokenRequest, spec: {expirationSeconds: 3600}}");
        return JsonNode.Parse(answer)!["status"]!["token"]!.GetValue<string>();
    }

    /// <summary>A kubeconfig for an address and a token.</summary>
    public string WriteKubeconfig(string name, Uri server, string token)
    {
        var file = Path.Combine(Path.GetDirectoryName(Server.CaFile)!, name);
        File.WriteAllText(file, $$"""
            {apiVersion: v1, kind: Config, current-context: c, contexts: [{name: c, context: {cluster: c, user: u} }],
             clusters: [{name: c, cluster: {server: "{{server}}", certificate-authority: "{{Server.CaFile}}"} }], users: [{name: u, user: {token: "{{token}}"} }]}
            """);
        return file;
    }

    public ValueTask DisposeAsync() => Server.DisposeAsync();

    private async Task MakeAsync()
    {
        await _mesh.RequireAsync();
        WriteKubeconfig("kubeconfig", Server.Address, RunningApiServer.AdminToken);
        await Server.AdminAsync(HttpMethod.Post, "apis/apiextensions.k8s.io/v1/customresourcedefinitions", Kind("gateways", "Gateway"));
        await Server.AdminAsync(
            HttpMethod.Post, "apis/apiextensions.k8s.io/v1/customresourcedefinitions", Kind("virtualservices", "VirtualService"));
        await Server.AdminAsync(
            HttpMethod.Post, "apis/apiextensions.k8s.io/v1/customresourcedefinitions",
            File.ReadAllText(Path.Combine(Manifests.Source, "base", "crd.yaml")));
        foreach (var path in (string[])[
            "apis/networking.istio.io/v1beta1/gateways", "apis/networking.istio.io/v1beta1/virtualservices",
                "apis/smm-agent.io/v1alpha1/attachedmachines"])
            await UntilServedAsync(path);

        await ExposeAsync("istiod-gateway", "istiod-vs", "istio: eastwestgateway", "istiod");
        await ExposeAsync("istiod-gateway-1-32", "istiod-vs-1-32", "istio: eastwestgateway", "istiod-1-32");
        await ExposeAsync("istiod-expansion", "istiod-expansion", "gateway-name: istio-meshexpansion-cp-v117x, gateway-type: ingress",
            "istiod-cp-v117x");
        await _mesh.ApplyAsync("""
            {apiVersion: discovery.k8s.io/v1beta1, kind: EndpointSlice, addressType: IPv4, endpoints: [{addresses: [10.244.0.9]}], ports: [{name: https-dns, port: 15012}],
             metadata: {name: istiod-cp-v117x-1, namespace: istio-system, labels: {kubernetes.io/service-name: istiod-cp-v117x}}}
            """);
        await Server.AdminAsync(HttpMethod.Post, "api/v1/namespaces", "{apiVersion: v1, kind: Namespace, metadata: {name: smm-dashboard}}");
        var account = new ServiceAccount("smm-dashboard", "smm-dashboard");
        await AccountAsync(account);
        await GrantAsync(DashboardRights.All(Places), "smm-dashboard", account);
    }

    private async Task ExposeAsync(string gateway, string route, string selector, string istiod)
    {
        const string path = "apis/networking.istio.io/v1beta1/namespaces/istio-system";
        await Server.AdminAsync(HttpMethod.Post, $"{path}/gateways", $$"""
            {apiVersion: networking.istio.io/v1beta1, kind: Gateway, metadata: {name: {{gateway}} },
             spec: {selector: { {{selector}} }, servers: [{hosts: ['*'], port: {name: tls-istiod, number: 15012, protocol: tls}, tls: {mode: PASSTHROUGH} }]} }
            """);
        await Server.AdminAsync(HttpMethod.Post, $"{path}/virtualservices", $$"""
            {apiVersion: networking.istio.io/v1beta1, kind: VirtualService, metadata: {name: {{route}} },
             spec: {gateways: [{{gateway}}], hosts: ['*'], tls: [{match: [{port: 15012, sniHosts: ['*']}], route: [{destination: {host: {{istiod}}.istio-system.svc.cluster.local, port: {number: 15012} } }]}]} }
            """);
    }

    private static string Kind(string plural, string kind) => $$"""
        {apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: {{plural}}.networking.istio.io},
         spec: {group: networking.istio.io, scope: Namespaced, names: {kind: {{kind}}, listKind: {{kind}}List, plural: {{plural}}, singular: {{kind.ToLowerInvariant()}} },
          versions: [{name: v1beta1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true} } }]} }
        """;

    private async Task UntilServedAsync(string path)
    {
        while (true)
        {
            using var answer = await Server.Admin.GetAsync(path, TestContext.Current.CancellationToken);
            if (answer.StatusCode == HttpStatusCode.OK)
                return;
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }

    private async Task<JsonNode> GetAsync(string path) => JsonNode.Parse(await Server.AdminAsync(HttpMethod.Get, path))!;

    private static string Cleaned(JsonNode item)
    {
        var metadata = item["metadata"]!.AsObject();
        foreach (var member in (string[])["uid", "resourceVersion", "creationTimestamp", "generation", "managedFields", "selfLink"])
            metadata.Remove(member);
        return item.ToJsonString();
    }

    private sealed class Restored(Func<Task<string>> restore) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync() => await restore();
    }
}
