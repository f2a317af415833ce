using SmmDashboard.Kubernetes.Composition;

namespace SmmDashboard.Kubernetes.Checks;

/// <summary>The control planes and the way to them.</summary>
internal static class ControlPlaneChecks
{
    // The operator still reconciles the object, or does not manage it.
    private static readonly string[] OnItsWay = ["Created", "Reconciling", "Unmanaged"];

    public static IReadOnlyList<ClusterCheckLine> Planes(ClusterObservation observed, MeshOptions options)
    {
        if (observed.Mesh.ControlPlanes.Count == 0)
        {
            return
            [
                ClusterCheckLine.Fail(
                    null,
                    $"none was found in namespace {string.Join(", ", options.IstioNamespaces)} (a ConfigMap with the label istio.io/rev "
                        + "and the key mesh)",
                    "install Istio, or name its namespace with --istio-namespace: kubectl get configmaps -A -l istio.io/rev"),
            ];
        }

        return [.. observed.Mesh.ControlPlanes.SelectMany(
            plane => (ClusterCheckLine[])[Plane(plane), .. Operator(observed, plane), .. OtherFaults(plane)]), .. observed.Mesh.Faults
            .Except(observed.Mesh.ControlPlanes.SelectMany(plane => plane.Faults))
            .Where(fault => fault.Reason != FaultReasons.GatewayNotFound)
            .Select(fault => FaultLines.Create(fault))];
    }

    public static IReadOnlyList<ClusterCheckLine> Tags(ClusterObservation observed) => observed.Mesh.Tags.Count == 0
        ? [ClusterCheckLine.Skipped(null, "there is none")]
        : [.. observed.Mesh.Tags.Select(tag => IsKnown(observed.Mesh, tag.Value)
            ? ClusterCheckLine.Pass(tag.Key, $"is revision {tag.Value}")
            : ClusterCheckLine.Warn(tag.Key, $"is revision {tag.Value}, which no control plane has",
                $"istioctl tag set {tag.Key} --revision REVISION --overwrite"))];

    public static IReadOnlyList<ClusterCheckLine> Registration(ClusterObservation observed) =>
    [
        .. observed.Mesh.ControlPlanes.Select(plane => plane.RegistersAutomatically
            ? ClusterCheckLine.Pass(plane.Label, "istiod registers VMs")
            : ClusterCheckLine.Fail(plane.Label, "istiod has PILOT_ENABLE_WORKLOAD_ENTRY_AUTOREGISTRATION=false, so no VM can register",
                $"kubectl -n {plane.Namespace} set env deployment/{IstiodName(plane)} PILOT_ENABLE_WORKLOAD_ENTRY_AUTOREGISTRATION-, or "
                    + "correct the values of Istio")),
    ];

    public static IReadOnlyList<ClusterCheckLine> Gateways(ClusterObservation observed)
    {
        var lines = new List<ClusterCheckLine>();
        foreach (var plane in observed.Mesh.ControlPlanes)
        {
            lines.AddRange(plane.Gateways.Where(gateway => !lines.Any(line => line.Subject == Name(gateway)))
                .Select(gateway => Gateway(gateway, plane)).ToList());
            if (!plane.Gateways.Any(gateway => gateway.LeadsToIstiod))
                lines.Add(NoGateway(observed, plane));
        }

        lines.AddRange(observed.Mesh.Faults.Where(fault => fault.Reason == FaultReasons.GatewayNotFound)
            .Select(fault => FaultLines.Create(fault, ClusterCheckStatus.Fail)));
        return lines;
    }

    /// <summary>The name of istiod's Service and Deployment.</summary>
    public static string IstiodName(ControlPlane plane) => plane.Istiod.Source.Name;

    /// <summary>Whether some WorkloadGroup of this control plane is of another network, so that its VMs need a gateway.</summary>
    public static bool NeedsGateway(ComposedMesh mesh, ControlPlane plane) => mesh.Groups.Values.Any(group =>
        ReferenceEquals(group.Plane, plane) && group.Served?.Config.NetworkModel() != SmmAgent.Contract.NetworkModel.SameNetwork);

    private static ClusterCheckLine Plane(ControlPlane plane)
    {
        var what = $"Istio {(plane.Version.Length > 0 ? plane.Version : "of an unknown version")}, namespace {plane.Namespace}"
            + (plane.RevisionLabel == plane.Label ? "" : $", istiod's own revision is {plane.RevisionLabel}")
            + (plane.Status is { } status ? $", {status}" : "");
        return plane.IsReady switch
        {
            false => ClusterCheckLine.Fail(
                plane.Label, $"{what}: no pod of istiod is ready", $"kubectl -n {plane.Namespace} get pods -l app=istiod"),
            null =>
                ClusterCheckLine.Warn(plane.Label,
                    $"{what}: whether istiod is ready is not known, its Service {IstiodName(plane)} has no EndpointSlice",
                $"kubectl -n {plane.Namespace} get endpointslices -l kubernetes.io/service-name={IstiodName(plane)}"),
            _ => ClusterCheckLine.Pass(plane.Label, what),
        };
    }

    // The operator's label is REVISION.NAMESPACE; its object has the version, the network and the addresses.
    private static IEnumerable<ClusterCheckLine> Operator(ClusterObservation observed, ControlPlane plane)
    {
        if (plane.Label == plane.Revision)
        {
            if (plane.Status is not null and not "Available")
                yield return ClusterCheckLine.Fail(
                    plane.Label, $"Deployment {IstiodName(plane)} is {plane.Status}",
                    $"kubectl -n {plane.Namespace} describe deployment {IstiodName(plane)}");
        }
        else if (observed.Objects.IstioControlPlanes.FirstOrDefault(
            one => one.Metadata.Namespace == plane.Namespace && one.Metadata.Name.Replace('.', '-') == plane.Revision) is not { } operated)
        {
            yield return ClusterCheckLine.Warn(
                plane.Label,
                $"its label is one of the SMM operator, but IstioControlPlane {plane.Namespace}/{plane.Revision} was not found, so it is "
                    + "read as plain Istio",
                $"kubectl -n {plane.Namespace} get istiocontrolplanes.servicemesh.cisco.com");
        }
        else if (plane.Status is { } status and not "Available")
        {
            var reason = operated.Status.ErrorMessage is { Length: > 0 } message ? $": {SmmAgent.Contract.NameRules.Shown(message)}" : "";
            var fix = $"kubectl -n {plane.Namespace} get istiocontrolplane {operated.Metadata.Name} -o yaml";
            var found =
                $"IstioControlPlane {plane.Namespace}/{operated.Metadata.Name} is {SmmAgent.Contract.NameRules.Shown(status)}{reason}";
            yield return OnItsWay.Contains(status) ? ClusterCheckLine.Warn(plane.Label, found, fix)
                : ClusterCheckLine.Fail(plane.Label, found, fix);
        }
    }

    private static IEnumerable<ClusterCheckLine> OtherFaults(ControlPlane plane) =>
        plane.Faults.Where(fault => fault.Reason is not FaultReasons.GatewayWithoutAddress and not FaultReasons.GatewayNotFound)
        .Select(fault => FaultLines.Create(fault));

    // A tag may stand for another tag.
    private static bool IsKnown(ComposedMesh mesh, string revision) =>
        mesh.ControlPlanes.Any(plane => plane.Label == revision) || mesh.Tags.ContainsKey(revision);

    private static string Name(FoundGateway gateway) => $"{gateway.Source.Namespace}/{gateway.Source.Name}";

    private static ClusterCheckLine Gateway(FoundGateway gateway, ControlPlane plane)
    {
        var ports = string.Join(", ", gateway.Gateway.Ports.Select(port => port.Port));
        if (!gateway.LeadsToIstiod)
        {
            return ClusterCheckLine.Fail(Name(gateway), $"has ports {ports}, and not {IstioNames.IstiodPort}, the port of istiod",
                $"add port {IstioNames.IstiodPort} to it: {gateway.Source.Edit()}");
        }

        return plane.Faults.FirstOrDefault(
            fault => fault.Source == gateway.Source && fault.Reason == FaultReasons.GatewayWithoutAddress) is { } fault
            ? FaultLines.Create(fault, ClusterCheckStatus.Fail) with { Subject = Name(gateway) }
            : ClusterCheckLine.Pass(Name(gateway), $"has {string.Join(", ", gateway.Gateway.Addresses)}, ports {ports}");
    }

    private static ClusterCheckLine NoGateway(ClusterObservation observed, ControlPlane plane) => NeedsGateway(observed.Mesh, plane)
        ? ClusterCheckLine.Fail(
            plane.Label, $"has no gateway with port {IstioNames.IstiodPort}, so VMs of other networks cannot reach istiod",
            "install an east-west gateway (Istio's samples/multicluster/gen-eastwest-gateway.sh; with SMM spec.meshExpansion.enabled of "
                + "the IstioControlPlane), or name one with --gateway NAMESPACE/NAME")
        : ClusterCheckLine.Skipped(plane.Label, "has no gateway, and no WorkloadGroup of another network needs one");
}
