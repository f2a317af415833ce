using System.Net;

namespace SmmDashboard.DialBack;

/// <summary>The addresses that belong to the cluster itself.</summary>
public interface IClusterRanges
{
    /// <returns>Null, or why no dial-back goes to the address, for example <c>it is in the cluster's own ranges</c>.</returns>
    ValueTask<string?> WhyInsideAsync(IPAddress address, CancellationToken cancellationToken);
}
