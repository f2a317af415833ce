using SmmAgent.Contract;
using SmmAgent.Core.Address;
using SmmAgent.Core.Settings;
using SmmAgent.Linux.Network.Address;
using SmmAgent.Linux.State;

namespace SmmAgent.Host.Address;

/// <summary>The sources of the address if none is configured.</summary>
public sealed record AddressSources(
    AddressProviderClient Providers, DashboardAddress Dashboard, DirectRoute Route, LastKnownAddressFile LastKnown)
{
    /// <summary>Finds the address by the settings and the network model.</summary>
    /// <param name="lastKnown">The last known address, for any mode; read only if needed.</param>
    public async Task<AddressState> FindAsync(
        AgentSettings settings, MeshConfig? config, Func<LastKnownAddress?> lastKnown, CancellationToken cancel)
    {
        if (settings.NodeIp is not null)
            return AddressDecision.FromConfigured(settings.NodeIp);
        if (settings.DashboardUrl is null)
            return AddressDecision.NotConfigured;

        var fitting = lastKnown() is { } value && value.Fits(settings, config) ? value : null;
        if (config?.NetworkModel() == NetworkModel.SameNetwork)
        {
            var route = await Route.FindAsync(config.DirectEndpoints, cancel);
            return AddressDecision.FromRoute(route.Source, route.Detail, fitting);
        }

        return AddressDecision.FromProviders(await AskAsync(settings, fitting, cancel), fitting);
    }

    private async Task<IReadOnlyList<ProviderResult>> AskAsync(
        AgentSettings settings, LastKnownAddress? lastKnown, CancellationToken cancel)
    {
        var providers = settings.AddressProviders;
        var dashboard = await Dashboard.AskAsync(settings, cancel);
        if (dashboard is not null && providers is [{ Url: null }, ..]
            && SeenAddressRules.IsSufficient(dashboard, Dashboard.ReadOwn(), lastKnown))
            return [dashboard];

        Uri[] urls = providers.Select(provider => provider.Url).OfType<Uri>().ToArray();
        return SeenAddressRules.Order(providers, dashboard, await Providers.AskAsync(urls, cancel));
    }
}
