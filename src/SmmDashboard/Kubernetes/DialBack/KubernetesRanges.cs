using System.Net;
using SmmAgent.Contract;
using SmmDashboard.DialBack;
using SmmDashboard.Http;
using SmmDashboard.Kubernetes.Objects;

namespace SmmDashboard.Kubernetes.DialBack;

/// <summary>
/// The cluster's own addresses: those that its objects name, the API server's, those of pods where they may be seen, and the ranges of an
/// option.
/// </summary>
/// <param name="services">The Services that are known for other reasons: on clusters without ServiceCIDRs the only ones.</param>
/// <param name="configured">CIDRs that hold the cluster's addresses and no VM's.</param>
public sealed class KubernetesRanges(
    RangeWatches watches, ServerAddresses server, PodLookup pods, Func<IEnumerable<Service>> services, IReadOnlyList<IPNetwork> configured)
    : IClusterRanges
{
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(5);

    public async ValueTask<string?> FindReasonAsync(IPAddress address, NetworkModel model, CancellationToken cancellationToken)
    {
        foreach (var range in configured)
        {
            if (range.Contains(address))
                return $"it is in the cluster's own range {range}";
        }

        // A known range needs no wait for the others.
        if (watches.Known.ReasonInside(address, model) is { } reason)
            return reason;
        if (services().FirstOrDefault(
            service => service.Spec.ClusterIPs.Any(text => IPAddress.TryParse(text, out var own) && own.Equals(address))) is { } service)
            return $"it is the cluster IP of Service {service.Metadata.Namespace}/{service.Metadata.Name}";
        if (await server.ContainsAsync(address, cancellationToken))
            return "it is the address of the API server";
        if (watches.WaitsFor is not null)
            throw new UnavailableException("the cluster's own addresses are not known yet", Retry);

        return await pods.IsPodAsync(address, cancellationToken) ? "it is a pod's" : null;
    }
}
