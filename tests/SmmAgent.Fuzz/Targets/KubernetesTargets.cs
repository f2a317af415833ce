using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using SmmAgent.Contract;
using SmmAgent.Fuzz.Engine;
using SmmDashboard.Kubernetes.Api;
using SmmDashboard.Kubernetes.Composition;
using SmmDashboard.Kubernetes.Objects;
using SmmDashboard.Kubernetes.Watching;

namespace SmmAgent.Fuzz.Targets;

/// <summary>Answers of the API server: other programs and people write its objects.</summary>
internal static class KubernetesTargets
{
    private static readonly string MeshObjects = $$$$$$$$$$"""
        [{"kind":"Namespace","metadata":{"name":"vm","labels":{"istio.io/rev":"default"}}},{"kind":"Namespace","metadata":{"name":"istio-system","labels":{"topology.istio.io/network":"network1"}}},
        {"kind":"ConfigMap","metadata":{"name":"istio","namespace":"istio-system","labels":{"istio.io/rev":"default"}},"data":{"mesh":"defaultConfig:\n  discoveryAddress: istiod.istio-system.svc:15012\n  proxyMetadata: {A: b}\ntrustDomain: cluster.local\n","meshNetworks":"networks: {network2: {gateways: [{address: 203.0.113.9, port: 15443}]}}"}},
        {"kind":"ConfigMap","metadata":{"name":"istio-sidecar-injector","namespace":"istio-system","labels":{"istio.io/rev":"default"}},"data":{"values":"{\"global\":{\"meshID\":\"mesh1\",\"network\":\"network1\",\"multiCluster\":{\"clusterName\":\"c\"}},\"revision\":\"default\"}"}},
        {"kind":"ConfigMap","metadata":{"name":"istio-ca-root-cert","namespace":"vm"},"data":{"root-cert.pem":{{{{{{{{{{JsonSerializer.Serialize(TestCertificate.Pem)}}}}}}}}}}}},
        {"kind":"Deployment","metadata":{"name":"istiod","namespace":"istio-system","labels":{"app":"istiod","istio.io/rev":"default"}},"spec":{"template":{"spec":{"containers":[{"name":"discovery","image":"docker.io/istio/pilot:1.15.3","env":[{"name":"CLUSTER_ID","value":"c"},{"name":"PILOT_ENABLE_WORKLOAD_ENTRY_AUTOREGISTRATION","value":"true"}]}]}}},"status":{"availableReplicas":1}},
        {"kind":"Service","metadata":{"name":"istiod","namespace":"istio-system","labels":{"app":"istiod","istio.io/rev":"default"}},"spec":{"type":"ClusterIP","ports":[{"name":"https-dns","port":15012}],"selector":{"app":"istiod"},"clusterIPs":["10.96.0.5"]}},
        {"kind":"EndpointSlice","metadata":{"name":"istiod-x","namespace":"istio-system","labels":{"kubernetes.io/service-name":"istiod"}},"endpoints":[{"addresses":["10.244.0.7"],"conditions":{"ready":true}}],"ports":[{"name":"https-dns","port":15012}]},
        {"kind":"Service","metadata":{"name":"istio-eastwestgateway","namespace":"istio-system","labels":{"app":"istio-eastwestgateway","istio":"eastwestgateway","topology.istio.io/network":"network1"}},"spec":{"type":"LoadBalancer","ports":[{"name":"status-port","port":15021},{"name":"tls","port":15443},{"name":"tls-istiod","port":15012},{"name":"tls-webhook","port":15017}],"selector":{"istio":"eastwestgateway"}},"status":{"loadBalancer":{"ingress":[{"ip":"203.0.113.7"},{"hostname":"gw.example.com"}]}}},
        {"kind":"MutatingWebhookConfiguration","metadata":{"name":"istio-revision-tag-prod","labels":{"istio.io/tag":"prod","istio.io/rev":"default"}}},
        {"kind":"WorkloadGroup","apiVersion":"networking.istio.io/v1","metadata":{"name":"a","namespace":"vm","annotations":{"proxy.istio.io/config":"concurrency: 2"}},"spec":{"metadata":{"labels":{"app":"a"},"annotations":{"x":"y"}},"template":{"serviceAccount":"default","network":"vm-network","ports":{"http":8080},"labels":{"v":"1"}},"probe":{"httpGet":{"path":"/","port":8080}}}}]
        """;

    public static IReadOnlyList<FuzzTarget> List { get; } =
    [
        FuzzTarget.FromText(
            "config-yaml", Yaml,
            "defaultConfig:\n  discoveryAddress: istiod.istio-system.svc:15012\n  proxyMetadata:\n    A: \"1\"\ntrustDomain: "
            + "cluster.local\n", "networks: {network1: {endpoints: [{fromRegistry: a}], gateways: [{address: 1.2.3.4, port: 15443}]}}") with
            { Words = ["&a ", "*a", "!!int ", "? ", "<<: ", "[", "{", "- ", "0x1", ".inf", "~", "1_0", "---\n", "\0", "|\n "] },
        FuzzTarget.FromBytes(
            "watch-line", Watch,
            """{"type":"ADDED","object":{"kind":"WorkloadGroup","apiVersion":"networking.istio.io/v1","metadata":{"name":"a","namespace":"vm","resourceVersion":"7","labels":{"a":null}},"spec":{"metadata":{"labels":{"app":"a"}},"template":{"serviceAccount":"default","ports":{"http":8080}},"probe":{"httpGet":{"port":1}}}}}""",
            """{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"too old","details":{"retryAfterSeconds":1,"causes":[{"reason":"ResourceVersionTooLarge"}]}}}""", """{"object":{"metadata":{"resourceVersion":"1"}},"type":"BOOKMARK"}""") with { Words = ["\"type\":", "\"object\":", "\"metadata\":", "\"resourceVersion\":"] },
        FuzzTarget.FromBytes(
            "list-page", Page,
            """{"kind":"List","metadata":{"resourceVersion":"9","continue":"x"},"items":[{"metadata":{"name":"a","namespace":"vm","creationTimestamp":"2026-11-28T00:00:00Z"},"spec":{"type":"LoadBalancer","ports":[{"name":"tls","port":15443}],"clusterIPs":["10.0.0.1"],"selector":{"a":"b"}},"status":{"loadBalancer":{"ingress":[{"ip":"203.0.113.7"}]}}},null]}"""),
        FuzzTarget.FromBytes(
            "machine", Machine,
            """{"metadata":{"name":"5b9c1f1e-8a2d-4a7e-9a53-0d3f4f6f7a11","namespace":"vm","resourceVersion":"1","creationTimestamp":"2026-11-28T00:00:00Z"},"spec":{"workloadGroup":"a","keySha256":"00"},"status":{"host":"vm","address":"10.0.0.1","lastReportTime":"2026-11-28T00:00:00Z","conditions":[{"type":"AgentConnected","status":"True","lastTransitionTime":"2026-11-28T00:00:00Z"}],"instances":[{"id":"0123456789abcdef","host":"vm","firstSeen":"2026-11-28T00:00:00Z","lastSeen":"2026-11-28T00:00:00Z"}]}}"""),
        FuzzTarget.FromBytes(
            "mesh-objects", Compose, MeshObjects) with { MaximumBytes = 32 * 1024,
            Words = ["istio.io/rev", "istio.io/tag", "topology.istio.io/network", "\"metadata\":", "\"data\":", "proxyMetadata", "\\n",
                "istio-system", "istiod", "LoadBalancer", "15443", "proxy.istio.io/config"] },
    ];

    private static void Yaml(string text)
    {
        var (value, fault) = ConfigYaml.Object(text);
        PropertyException.Unless(value is null == fault.Length > 0, "there is a value or a fault");
        PropertyException.Unless(!fault.Any(char.IsControl), "a fault is one line");
    }

    // The exceptions that the callers expect for invalid answers.
    private static void Expecting<T>(Func<T> read)
    {
        try
        {
            _ = read();
        }
        catch (JsonException)
        {
            // The documented refusal.
        }
    }

    private static void Watch(byte[] line) => Expecting(() =>
    {
        var (type, item) = WatchLine.Split(line);
        return type == WatchEvent.Error ? ApiStatus.Read(item.Span) as object
            : (WatchLine.Metadata(item), WatchLine.Read(item.Span, KubernetesJson.Default.WorkloadGroupObject));
    });

    private static void Page(byte[] body) => Expecting(() => ListPage<Service>.Read(body, KubernetesJson.Default.Service));

    private static void Machine(byte[] json) => Expecting(() =>
        JsonSerializer.Deserialize(json, KubernetesJson.Default.MachineDocument) is { } document ? AttachedMachine.From(document) : null);

    // The API server refuses other names.
    private static bool IsName(ObjectMeta metadata) =>
        NameRules.Subdomain(metadata.Name) is null && (metadata.Namespace.Length == 0 || NameRules.Label(metadata.Namespace) is null);

    private static void Compose(byte[] json)
    {
        List<JsonElement> items;
        try
        {
            using var document = JsonDocument.Parse(json);
            items = document.RootElement.ValueKind == JsonValueKind.Array
                ? [.. document.RootElement.Clone().EnumerateArray().Where(UnicodeText.IsAllOf)] : [];
        }
        catch (JsonException)
        {
            return;
        }

        var read = KubernetesJson.Default;
        var objects = new ClusterObjects
        {
            Namespaces = Of(read.Namespace, "Namespace"),
            ConfigMaps = Of(read.ConfigMap, "ConfigMap"),
            Services = Of(read.Service, "Service"),
            EndpointSlices = Of(read.EndpointSlice, "EndpointSlice"),
            Deployments = Of(read.Deployment, "Deployment"),
            MutatingWebhooks = Of(read.WebhookConfiguration, "MutatingWebhookConfiguration"),
            ValidatingWebhooks = Of(read.WebhookConfiguration, "ValidatingWebhookConfiguration"),
            WorkloadGroups = Of(read.WorkloadGroupObject, "WorkloadGroup"),
            IstioControlPlanes = Of(read.IstioControlPlane, "IstioControlPlane"),
        };
        var mesh = MeshComposer.Compose(objects, new(), ComposedMesh.Empty);
        foreach (var fault in mesh.Faults)
            PropertyException.UnlessLine(fault.ToString(), "a fault");
        var again = MeshComposer.Compose(objects, new(), mesh);
        PropertyException.Unless(again.Groups.Count == mesh.Groups.Count, "the same objects have the same groups");

        // The cache has one object of a name; one that cannot be read is left out.
        List<T> Of<T>(JsonTypeInfo<T> type, string kind)
            where T : KubernetesObject
        {
            Dictionary<ObjectKey, T> found = [];
            foreach (var item in items.Where(item => item.ValueKind == JsonValueKind.Object && item.TryGetProperty("kind", out var word)
                && word.ValueKind == JsonValueKind.String && word.ValueEquals(kind)))
            {
                try
                {
                    if (item.Deserialize(type) is { } one && IsName(one.Metadata))
                        found[ObjectKey.From(one.Metadata)] = one;
                }
                catch (JsonException)
                {
                    // As ListPage does.
                }
            }

            return [.. found.Values];
        }
    }
}
