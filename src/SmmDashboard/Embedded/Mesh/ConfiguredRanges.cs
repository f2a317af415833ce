using System.Net;
using SmmAgent.Contract;
using SmmDashboard.DialBack;

namespace SmmDashboard.Embedded.Mesh;

/// <summary>The <c>clusterRanges</c> of the mesh description.</summary>
public sealed class ConfiguredRanges(CurrentMeshDescription description) : IClusterRanges
{
    public ValueTask<string?> FindReasonAsync(IPAddress address, NetworkModel model, CancellationToken cancellationToken) =>
        ValueTask.FromResult(
            description.Mesh.ClusterRanges.Any(range => range.Contains(address)) ? "it is in the cluster's own ranges" : null);
}
