using SmmAgent.Contract;
using SmmDashboard.Kubernetes.Objects;

namespace SmmDashboard.Kubernetes.Composition;

/// <summary>Turns an error of the written document into a fault of the object from which the member was created.</summary>
internal static class DocumentFaults
{
    public static ObjectFault From(InputError fault, WorkloadGroupObject group, ControlPlane plane, ObjectReference rootCertificate)
    {
        var path = fault.Path;
        // The group has too many ports for its number of sources: neither path has an index then.
        if (path.StartsWith("workloadGroup", StringComparison.Ordinal) || path is "" or "clusterSources")
            return ObjectFault.Invalid(ObjectReference.From(group), $"{PathInGroup(path)}{fault.Reason}");
        if (path == "mesh.rootCertificate")
            return ObjectFault.Invalid(rootCertificate, $"the mesh's root certificate {fault.Reason}");
        if (path.StartsWith("directEndpoints", StringComparison.Ordinal))
            return ObjectFault.Invalid(plane.Istiod.Source, fault.ToString());
        if (path.StartsWith("meshExpansionGateways", StringComparison.Ordinal))
            return ObjectFault.Invalid(GatewayOf(path, plane)?.Source ?? plane.Source, $"as a gateway: {fault}");
        if (path.StartsWith("mesh", StringComparison.Ordinal))
            return ObjectFault.Invalid(plane.Source, fault.ToString());
        return new(plane.Source, FaultReasons.MeshConfigInvalid, $"{fault}. It is an option of smm-dashboard: correct it and restart",
            Blocks: true);
    }

    // For example meshExpansionGateways[2].ports[0].name. Without an index all gateways together have too many pairs of an address and a
    // port: the gateway with the most is named.
    private static FoundGateway? GatewayOf(string path, ControlPlane plane)
    {
        var (open, close) = (path.IndexOf('[', StringComparison.Ordinal), path.IndexOf(']', StringComparison.Ordinal));
        return open > 0 && close > open && int.TryParse(path.AsSpan(open + 1, close - open - 1), out var index)
            && index < plane.Gateways.Count
            ? plane.Gateways[index]
            : plane.Gateways.MaxBy(gateway => gateway.Gateway.Addresses.Count * gateway.Gateway.Ports.Count);
    }

    private static string PathInGroup(string path)
    {
        (string Document, string Object)[] places =
        [
            ("workloadGroup.annotations", "metadata.annotations"), ("workloadGroup.metadataLabels", "spec.metadata.labels"),
            ("workloadGroup.templateLabels", "spec.template.labels"), ("workloadGroup.metadataAnnotations", "spec.metadata.annotations"),
            ("workloadGroup.probe", "spec.probe"), ("workloadGroup.namespace", "metadata.namespace"),
            ("workloadGroup.name", "metadata.name"),
            ("workloadGroup", "spec.template"),
        ];
        foreach (var (document, inObject) in places)
        {
            if (path.StartsWith(document, StringComparison.Ordinal))
                return $"{inObject}{path[document.Length..]}: ";
        }

        return "";
    }
}
