using System.Net;
using SmmAgent.Contract;
using SmmDashboard.Kubernetes.Objects;

namespace SmmDashboard.Kubernetes.DialBack;

/// <summary>The cluster's own addresses that its objects name.</summary>
public sealed class ClusterAddresses
{
    private readonly Dictionary<IPAddress, string> _addresses = [];
    private readonly List<(IPNetwork Range, string What)> _services = [];
    private readonly List<(IPNetwork Range, string What)> _pods = [];

    /// <param name="apiServer">The endpoints of the Service <c>kubernetes</c>.</param>
    public ClusterAddresses(
        IEnumerable<Node> nodes, IEnumerable<ServiceCidr> serviceCidrs, IEnumerable<IpAddress> ipAddresses,
        IEnumerable<EndpointSlice> apiServer)
    {
        foreach (var node in nodes)
        {
            foreach (var address in node.Status.Addresses)
                Add(address.Address, $"it is an address of node {NameRules.Shown(node.Metadata.Name)}");
            Add(_pods, node.Spec.PodCidrs, range => $"it is in the pod range {range} of node {NameRules.Shown(node.Metadata.Name)}");
        }

        foreach (var cidr in serviceCidrs)
            Add(_services, cidr.Spec.Cidrs,
                range => $"it is in the range of Services {range} (ServiceCIDR {NameRules.Shown(cidr.Metadata.Name)})");
        foreach (var address in ipAddresses)
            Add(address.Metadata.Name, "the cluster uses it (an IPAddress object has its name)");
        foreach (var address in apiServer.SelectMany(slice => slice.Endpoints).SelectMany(endpoint => endpoint.Addresses))
            Add(address, "it is an address of the API server");
    }

    /// <returns>The reason why the address is the cluster's; null for any other address.</returns>
    /// <remarks>
    /// Not every pod network uses the ranges of the nodes. One that gives pods addresses of the cluster's own network ignores them, and
    /// then a VM of the same network may have an address there. Where the VM has another network, traffic to such an address ends at a pod
    /// or nowhere.
    /// </remarks>
    public string? ReasonInside(IPAddress address, NetworkModel model) =>
        _addresses.GetValueOrDefault(address)
        ?? In(_services, address)
        ?? (model == NetworkModel.DifferentNetwork ? In(_pods, address) : null);

    private static string? In(List<(IPNetwork Range, string What)> ranges, IPAddress address) =>
        ranges.FirstOrDefault(candidate => candidate.Range.Contains(address)).What;

    // A name is not an address, and the dashboard never dials by name.
    private void Add(string text, string what)
    {
        if (IPAddress.TryParse(text, out var address))
            _addresses.TryAdd(address, what);
    }

    private static void Add(List<(IPNetwork, string)> ranges, IEnumerable<string> texts, Func<IPNetwork, string> what)
    {
        foreach (var text in texts)
        {
            if (IPNetwork.TryParse(text, out var range))
                ranges.Add((range, what(range)));
        }
    }
}
