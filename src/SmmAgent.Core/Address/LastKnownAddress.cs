using System.Net;
using SmmAgent.Contract;
using SmmAgent.Core.Network;
using SmmAgent.Core.Settings;

namespace SmmAgent.Core.Address;

/// <summary>
/// The last known address and the configuration that it belongs to. It survives an outage and a restart, but not a changed configuration.
/// </summary>
/// <param name="Source"><see cref="AddressDecision.RouteSource"/>, or <see cref="AddressProvider.Name"/> of a provider.</param>
/// <param name="Network">The WorkloadGroup's network when the source is a route; null for a provider.</param>
/// <param name="ConfirmedAt">The time at which the source last confirmed the address.</param>
public sealed record LastKnownAddress(IPAddress Value, string Source, string? Network, DateTimeOffset ConfirmedAt)
{
    /// <summary>Whether the address is still valid for the current configuration.</summary>
    public bool Fits(AgentSettings settings, MeshConfig? config) =>
        settings.NodeIp is null
        && (config?.NetworkModel() == NetworkModel.SameNetwork
            ? Source == AddressDecision.RouteSource && Network == config.WorkloadGroup.Network
            : settings.AddressProviders.Any(provider => provider.Name == Source));
}
