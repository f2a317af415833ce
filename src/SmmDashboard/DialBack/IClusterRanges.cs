using System.Net;
using SmmAgent.Contract;

namespace SmmDashboard.DialBack;

/// <summary>Knows the addresses that belong to the cluster itself.</summary>
public interface IClusterRanges
{
    /// <summary>Finds the reason for which no dial-back may connect to the address.</summary>
    /// <param name="address">The target of the dial-back.</param>
    /// <param name="model">
    /// The network model of the WorkloadGroup. A VM that shares the network of the cluster may have an address in the ranges that are
    /// split up for pods.
    /// </param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>The reason, for example <c>it is in the cluster's own ranges</c>; null when the address is outside the cluster.</returns>
    /// <exception cref="Http.UnavailableException">The addresses of the cluster are unknown now.</exception>
    ValueTask<string?> FindReasonAsync(IPAddress address, NetworkModel model, CancellationToken cancellationToken);
}
