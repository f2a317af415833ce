using SmmAgent.Contract;
using SmmDashboard.Kubernetes.Objects;

namespace SmmDashboard.Kubernetes.Composition;

/// <summary>
/// Finds the gateways through which VMs reach a control plane: by option, the SMM operator's, east-west gateways, and those of the Gateway
/// API.
/// </summary>
internal sealed class GatewayFinder(ClusterObjects objects, MeshOptions options)
{
    private const string External = "meshgateway.istio.servicemesh.cisco.com/external-service";
    private const string AddressOverride = "service.banzaicloud.io/ip-address-override";
    private const string NameOverride = "service.banzaicloud.io/hostname-override";
    private const string OfApiGateway = "gateway.networking.k8s.io/gateway-name";

    /// <param name="operated">The operator's object; null for plain Istio.</param>
    public IReadOnlyList<FoundGateway> Find(string @namespace, string label, IstioControlPlane? operated, List<ObjectFault> faults)
    {
        if (options.Gateways.Count > 0)
            return Sorted(options.Gateways.Distinct().SelectMany(name => Named(name, faults)));

        var ofOperator = objects.Services.Where(service => IsOfOperator(service, @namespace, label)).ToList();
        if (ofOperator.Count > 0)
            return Sorted(ofOperator.Select(service => CreateGateway(service, operated, faults)));

        string[] namespaces = [@namespace, .. options.IstioNamespaces];
        var apiGateways = objects.ApiGateways.Where(gateway => namespaces.Contains(gateway.Metadata.Namespace) && IsForVms(gateway))
            .ToList();
        var services = objects.Services.Where(service => namespaces.Contains(service.Metadata.Namespace) && IsEastWest(service)
            && !apiGateways.Any(gateway => gateway.Metadata.Namespace == service.Metadata.Namespace
                && gateway.Metadata.Name == service.Metadata.Label(OfApiGateway)));
        return Sorted(
            [.. services.Select(service => CreateGateway(service, operated, faults)),
                .. apiGateways.Select(gateway => CreateGateway(gateway, faults))]);
    }

    private static List<FoundGateway> Sorted(IEnumerable<FoundGateway> gateways) =>
        [.. gateways.OrderBy(gateway => gateway.Gateway.Name, StringComparer.Ordinal)
            .ThenBy(gateway => gateway.Source.Namespace, StringComparer.Ordinal)];

    private IEnumerable<FoundGateway> Named((string Namespace, string Name) name, List<ObjectFault> faults)
    {
        var service = objects.Services.FirstOrDefault(
            service => service.Metadata.Namespace == name.Namespace && service.Metadata.Name == name.Name);
        if (service is not null)
            return [CreateGateway(service, null, faults)];

        faults.Add(new(new("Service", name.Namespace, name.Name), FaultReasons.GatewayNotFound,
            "is named as a gateway and was not found: create it, or start smm-dashboard with another --gateway (kubectl -n "
                + $"{name.Namespace} get services)", Blocks: false));
        return [];
    }

    private static bool IsOfOperator(Service service, string @namespace, string label) =>
        service.Metadata.Namespace == @namespace
        && service.Metadata.Label("app") == "istio-meshexpansion-gateway"
        && service.Metadata.Label(IstioNames.Revision) == label
        && !service.Metadata.Labels.ContainsKey(External);

    private static bool IsEastWest(Service service) =>
        service.Spec.Ports.Any(port => port.Port == IstioNames.IstiodPort && port.IsTcp)
        && (service.Metadata.Label("istio") == "eastwestgateway" || service.Metadata.Labels.ContainsKey(IstioNames.Network))
        && !service.Metadata.Labels.ContainsKey(External);

    // A gateway of an ambient mesh has listeners of HBONE only, which a VM's sidecar does not speak.
    private static bool IsForVms(ApiGateway gateway) =>
        gateway.Spec.GatewayClassName.StartsWith("istio", StringComparison.Ordinal)
        && gateway.Spec.Listeners.Any(listener => listener.Port == IstioNames.IstiodPort && IsTcp(listener));

    private static bool IsTcp(ApiListener listener) => listener.Protocol is "TCP" or "TLS" or "HTTPS" or "HTTP";

    private static FoundGateway CreateGateway(Service service, IstioControlPlane? operated, List<ObjectFault> faults)
    {
        var source = new ObjectReference("Service", service.Metadata.Namespace, service.Metadata.Name);
        var ports = service.Spec.Ports.Where(port => port.IsTcp).Select(port => (port.Name, port.Port));
        return Made(source, Addresses(service, operated), ports, ReasonForNoAddress(service), faults);
    }

    private static FoundGateway CreateGateway(ApiGateway gateway, List<ObjectFault> faults)
    {
        var source = new ObjectReference("Gateway", gateway.Metadata.Namespace, gateway.Metadata.Name);
        var ports = gateway.Spec.Listeners.Where(IsTcp).Select(listener => (listener.Name, listener.Port));
        return Made(source, gateway.Status.Addresses.Select(address => address.Value), ports,
            $"has no address in its status yet; see why: {source.Get()}", faults);
    }

    private static IEnumerable<string> Addresses(Service service, IstioControlPlane? operated)
    {
        string[] overrides = [service.Metadata.Annotation(AddressOverride), service.Metadata.Annotation(NameOverride)];
        if (operated is not null && overrides.Any(address => address.Length > 0))
            return overrides.SelectMany(list => list.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));

        var own = service.Status.LoadBalancer.Ingress
            .Select(ingress => ingress.Ip is { Length: > 0 } ip ? ip : ingress.Hostname ?? "")
            .Concat(service.Spec.ExternalIPs)
            .Where(address => address.Length > 0)
            .ToList();
        return own.Count > 0 || operated is null ? own : operated.Status.GatewayAddress;
    }

    private static string ReasonForNoAddress(Service service) => service.Spec.Type switch
    {
        "LoadBalancer" =>
            $"its load balancer has no address yet; see why: kubectl -n {service.Metadata.Namespace} describe service "
                + $"{service.Metadata.Name}",
        "NodePort" =>
            "is of type NodePort, and VMs connect to port 15012, not to a node port: use type LoadBalancer, or set spec.externalIPs",
        var type =>
            $"is of type {(type.Length == 0 ? "ClusterIP" : NameRules.Shown(type))} and has no address outside the cluster: use type "
                + "LoadBalancer, or set spec.externalIPs",
    };

    private static FoundGateway Made(
        ObjectReference source, IEnumerable<string> addresses, IEnumerable<(string Name, int? Port)> ports, string whyNoAddress,
        List<ObjectFault> faults)
    {
        var valid = new SortedSet<string>(StringComparer.Ordinal);
        var refused = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var address in addresses.Select(NameRules.WithoutRootDot))
            (NameRules.Address(address) is null ? valid : refused).Add(address);

        if (refused.Min is { } first)
        {
            var others = refused.Count == 1 ? "and is left out" : $"and is left out, as are {refused.Count - 1} more that are none";
            faults.Add(
                new(source, FaultReasons.MeshConfigInvalid, $"its address {NameRules.Address(first)}, {others}: {source.Get()}",
                    Blocks: false));
        }

        if (valid.Count == 0)
            faults.Add(new(source, FaultReasons.GatewayWithoutAddress, whyNoAddress, Blocks: false));
        return new(source, new MeshExpansionGateway
        {
            Name = source.Name,
            Addresses = [.. valid],
            Ports =
            [
                .. ports.Select(port => new GatewayPort(port.Name.Length > 0 ? port.Name : $"port-{port.Port}", port.Port ?? 0))
                    .OrderBy(port => port.Port)
                    .ThenBy(port => port.Name, StringComparer.Ordinal),
            ],
        });
    }
}
