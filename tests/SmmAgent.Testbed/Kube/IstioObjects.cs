using System.Text.Json.Nodes;
using SmmDashboard.Embedded.Mesh;

namespace SmmAgent.Testbed.Kube;

/// <summary>The recorded objects of real control planes: plain Istio with revisions and a tag, and one of the SMM operator.</summary>
public static class IstioObjects
{
    /// <summary>The operator's own definition has thousands of lines that nothing here reads.</summary>
    public const string ControlPlaneKind = """
        apiVersion: apiextensions.k8s.io/v1
        kind: CustomResourceDefinition
        metadata: { name: istiocontrolplanes.servicemesh.cisco.com }
        spec:
          group: servicemesh.cisco.com
          scope: Namespaced
          names: { kind: IstioControlPlane, listKind: IstioControlPlaneList, plural: istiocontrolplanes, singular: istiocontrolplane }
          versions:
          - name: v1alpha1
            served: true
            storage: true
            schema: { openAPIV3Schema: { type: object, x-kubernetes-preserve-unknown-fields: true } }
        """;

    private static string Folder => Path.Combine(AppContext.BaseDirectory, "Oracles");

    public static void Apply(ApiServer server)
    {
        server.Kubectl("apply", "--validate=false", "-f", Path.Combine(Folder, "istio-crds"));
        server.Apply(ControlPlaneKind);
        server.Kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=30s");

        var objects = ((string[])["upstream/cluster", "operator"]).SelectMany(Read)
            .OrderBy(item => Text(item["kind"]) == "Namespace" ? 0 : 1).ToList();
        var list = new JsonObject
        {
            ["apiVersion"] = "v1", ["kind"] = "List",
            ["items"] = new JsonArray([.. objects.Select(WithoutStatus)])
        };
        server.Apply(list.ToJsonString());
        foreach (var item in objects.Where(
            item => Text(item["kind"]) is "Service" or "Deployment" && item["status"] is JsonObject { Count: > 0 }))
        {
            server.Kubectl(
                "-n", Text(item["metadata"]!["namespace"]), "patch", Text(item["kind"]), Text(item["metadata"]!["name"]),
                "--subresource=status", "--type=merge", "-p",
                new JsonObject { ["status"] = item["status"]!.DeepClone() }.ToJsonString());
        }
    }

    /// <summary>The YAML documents of a folder of the recorded objects, for example <c>upstream/cluster</c>.</summary>
    public static IEnumerable<string> Documents(string folder) =>
        Directory.EnumerateFiles(Path.Combine(Folder, folder), "*.yaml").Order(StringComparer.Ordinal)
        .SelectMany(file => File.ReadAllText(file).Split("\n---\n"));

    private static IEnumerable<JsonObject> Read(string folder) => Documents(folder)
        .Select(yaml => JsonNode.Parse(MeshDescriptionYaml.ToJson(yaml).Json!)!.AsObject())
        .Where(item => item.ContainsKey("kind")).Select(Portable);

    /// <summary>
    /// The object without what another cluster's API server has allocated, versions that old ones do not serve, and values of test data
    /// that none takes.
    /// </summary>
    public static JsonObject Portable(JsonObject item)
    {
        var kind = Text(item["kind"]);
        foreach (var member in (string[])["uid", "resourceVersion", "creationTimestamp", "generation", "managedFields", "ownerReferences"])
            item["metadata"]!.AsObject().Remove(member);
        if (kind == "Service")
            Remove(item["spec"]!.AsObject(), name => name is "clusterIP" or "clusterIPs" or "ipFamilies" or "ipFamilyPolicy"
                or "internalTrafficPolicy" or "healthCheckNodePort");
        if (kind == "EndpointSlice")
            item["apiVersion"] = "discovery.k8s.io/v1beta1";
        if (kind is "WorkloadGroup" or "WorkloadEntry")
            item["apiVersion"] = "networking.istio.io/v1beta1";
        if (kind == "Deployment" && item["spec"]!["template"]!["spec"] is JsonObject pod)
        {
            Remove(pod, name => name != "containers");
            foreach (var container in pod["containers"]!.AsArray())
                Remove(container!.AsObject(), name => name is not ("name" or "image" or "env"));
        }

        return item;
    }

    private static JsonNode WithoutStatus(JsonObject item)
    {
        var copy = item.DeepClone().AsObject();
        copy.Remove("status");
        return copy;
    }

    private static void Remove(JsonObject from, Func<string, bool> which)
    {
        foreach (var name in from.Select(member => member.Key).Where(which).ToList())
            from.Remove(name);
    }

    private static string Text(JsonNode? node) => node?.GetValue<string>() ?? "";
}
