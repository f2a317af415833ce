using System.Net;
using SmmAgent.Contract;

namespace SmmDashboard.DialBack;

/// <summary>The addresses that belong to the cluster itself.</summary>
public interface IClusterRanges
{
    /// <param name="address">Where the dial-back would go.</param>
    /// <param name="model">Of the WorkloadGroup: a VM that shares the cluster's network may have an address of the ranges that are cut up for pods.</param>
    /// <param name="cancellationToken">Ends the look.</param>
    /// <returns>Null, or why no dial-back goes to the address, for example <c>it is in the cluster's own ranges</c>.</returns>
    /// <exception cref="Http.UnavailableException">The cluster's addresses are not known now.</exception>
    ValueTask<string?> FindReasonAsync(IPAddress address, NetworkModel model, CancellationToken cancellationToken);
}
