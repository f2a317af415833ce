using SmmDashboard.Kubernetes.Api;
using SmmDashboard.Kubernetes.Composition;
using SmmDashboard.Kubernetes.Objects;

namespace SmmDashboard.Kubernetes.Checks;

/// <summary>Whether a gateway leads to istiod: a Service with port 15012 alone accepts connections and forwards them nowhere.</summary>
internal static class ExposureCheck
{
    public static IReadOnlyList<ClusterCheckLine> Evaluate(ClusterObservation observed)
    {
        var lines = new List<ClusterCheckLine>();
        foreach (var plane in observed.Mesh.ControlPlanes)
        {
            var gateways = plane.Gateways.Where(gateway => gateway.LeadsToIstiod).ToList();
            if (gateways.Count == 0)
                lines.Add(ClusterCheckLine.Skipped(plane.Label, "has no gateway"));
            else if (!ControlPlaneChecks.NeedsGateway(observed.Mesh, plane))
                lines.Add(ClusterCheckLine.Skipped(plane.Label, "no WorkloadGroup of another network needs it"));
            else
                lines.AddRange(gateways.Select(
                    gateway => gateway.Source.Kind == "Gateway" ? EvaluateApiGateway(observed, gateway, plane)
                    : EvaluateService(observed, gateway, plane)));
        }

        return lines.Count > 0 ? lines : [ClusterCheckLine.Skipped(null, "there is no control plane")];
    }

    private static ClusterCheckLine EvaluateApiGateway(ClusterObservation observed, FoundGateway gateway, ControlPlane plane)
    {
        var found = observed.Objects.ApiGateways.First(
            candidate => candidate.Metadata.Namespace == gateway.Source.Namespace && candidate.Metadata.Name == gateway.Source.Name);
        var listeners = found.Spec.Listeners.Where(listener => listener.Port == IstioNames.IstiodPort).Select(listener => listener.Name)
            .ToList();
        return found.Status.Listeners.Any(listener => listeners.Contains(listener.Name) && listener.AttachedRoutes > 0)
            ? ClusterCheckLine.Pass(plane.Label, $"{gateway.Source} has a route at port {IstioNames.IstiodPort}")
            : ClusterCheckLine.Fail(plane.Label,
                $"{gateway.Source} has no route at its listener {string.Join(", ", listeners)}, so it leads nowhere",
                $"attach a TLSRoute to port {IstioNames.IstiodPort} of Service "
                    + $"{plane.Istiod.Source.Namespace}/{ControlPlaneChecks.IstiodName(plane)}: {gateway.Source.Get()}");
    }

    private static ClusterCheckLine EvaluateService(ClusterObservation observed, FoundGateway gateway, ControlPlane plane)
    {
        foreach (var resource in (ApiResource[])[ClusterObservation.IstioGateways, ClusterObservation.IstioVirtualServices])
        {
            if (observed.Lister.Of(resource).Fault is { } fault)
                return ClusterCheckLine.Skipped(
                    plane.Label, fault.Message,
                    "run it with an administrator's kubeconfig: smm-dashboard check --kubernetes --kubeconfig FILE");
        }

        var service = observed.Objects.Services.First(
            candidate => candidate.Metadata.Namespace == gateway.Source.Namespace && candidate.Metadata.Name == gateway.Source.Name);
        var servers = observed.Gateways.Where(candidate => Selects(candidate, service))
            .SelectMany(candidate => candidate.Spec.Servers.Where(server => server.Port.Number == IstioNames.IstiodPort)
                .Select(server => (Gateway: candidate, Server: server)))
            .ToList();
        var fix = plane.Label == plane.Revision
            ? $"kubectl apply -n {plane.Namespace} -f samples/multicluster/expose-istiod.yaml of Istio; for a revision "
                + "expose-istiod-rev.yaml.tmpl there"
            : $"set spec.meshExpansion.istiod.expose: true, and the operator makes what is missing: kubectl -n {plane.Namespace} edit "
                + $"istiocontrolplane {plane.Revision}";
        if (servers.Count == 0)
            return ClusterCheckLine.Fail(plane.Label,
                $"no Gateway (networking.istio.io) opens port {IstioNames.IstiodPort} of {gateway.Source}, so it leads nowhere", fix);

        var passing = servers.Where(one => one.Server.Tls.Mode == "PASSTHROUGH").Select(one => one.Gateway).ToList();
        if (passing.Count == 0)
        {
            var first = new ObjectReference("Gateway", servers[0].Gateway.Metadata.Namespace, servers[0].Gateway.Metadata.Name);
            return ClusterCheckLine.Fail(plane.Label,
                $"{first} ends TLS at port {IstioNames.IstiodPort} (mode "
                    + $"'{SmmAgent.Contract.NameRules.Shown(servers[0].Server.Tls.Mode)}'), and only istiod has its certificate",
                $"set spec.servers[].tls.mode: PASSTHROUGH: kubectl -n {first.Namespace} edit gateways.networking.istio.io {first.Name}");
        }

        var routes = observed.VirtualServices.Where(candidate => passing.Any(one => IsBound(candidate, one))).ToList();
        return routes.Any(route => LeadsTo(route, plane))
            ? ClusterCheckLine.Pass(plane.Label, $"{gateway.Source} leads to Service {ControlPlaneChecks.IstiodName(plane)}")
            : ClusterCheckLine.Fail(plane.Label, routes.Count == 0
                ? $"no VirtualService leads from port {IstioNames.IstiodPort} of {gateway.Source} to istiod"
                : $"VirtualService {string.Join(", ", routes.Select(route => $"{route.Metadata.Namespace}/{route.Metadata.Name}"))} does "
                    + $"not lead to Service {ControlPlaneChecks.IstiodName(plane)}, "
                    + "and another istiod has another certificate", fix);
    }

    // The labels of the gateway's pods are those of its Service's selector, and perhaps some of the Service's own.
    private static bool Selects(IstioGateway gateway, Service service) => gateway.Spec.Selector.All(pair =>
        (service.Spec.Selector.GetValueOrDefault(pair.Key) ?? service.Metadata.Labels.GetValueOrDefault(pair.Key)) == pair.Value);

    private static bool IsBound(VirtualService route, IstioGateway gateway) => route.Spec.Gateways.Any(name =>
        name == $"{gateway.Metadata.Namespace}/{gateway.Metadata.Name}"
        || (name == gateway.Metadata.Name && route.Metadata.Namespace == gateway.Metadata.Namespace));

    private static bool LeadsTo(VirtualService route, ControlPlane plane) => route.Spec.Tls.Concat(route.Spec.Tcp)
        .Where(one => one.Match.Count == 0 || one.Match.Any(match => match.Port is null or IstioNames.IstiodPort))
        .SelectMany(one => one.Route)
        .Any(target => IsIstiod(target.Destination.Host, route.Metadata.Namespace, plane));

    // A short name is one of the VirtualService's own namespace.
    private static bool IsIstiod(string host, string ownNamespace, ControlPlane plane)
    {
        var names = host.Split('.');
        return names[0] == ControlPlaneChecks.IstiodName(plane)
            && (names.Length > 1 ? names[1] : ownNamespace) == plane.Istiod.Source.Namespace;
    }
}
