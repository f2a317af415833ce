using System.Net;
using SmmAgent.Contract;
using SmmAgent.Core.Settings;

namespace SmmAgent.Core.Address;

/// <summary>
/// The address that was found last, and what it was found for: it outlives an outage and a restart, but not another configuration.
/// </summary>
/// <param name="Source"><see cref="AddressDecision.RouteSource"/>, or the provider's URL as <see cref="ProviderResult.Name"/> shows
/// it.</param>
/// <param name="Network">The WorkloadGroup's network when the source is a route; null for a provider.</param>
/// <param name="ConfirmedAt">When the source said so last.</param>
public sealed record LastKnownAddress(IPAddress Value, string Source, string? Network, DateTimeOffset ConfirmedAt)
{
    /// <summary>Whether it is still an answer to the question that the configuration asks now.</summary>
    public bool Fits(AgentSettings settings, MeshConfig? config) =>
        settings.NodeIp is null
        && (config?.NetworkModel() == NetworkModel.SameNetwork
            ? Source == AddressDecision.RouteSource && Network == config.WorkloadGroup.Network
            : settings.AddressProviders.Any(provider => ProviderResult.Name(provider) == Source));
}
