using Microsoft.Extensions.Logging.Abstractions;
using SmmAgent.Contract;
using SmmAgent.Core.Address;
using SmmAgent.Core.Settings;
using SmmAgent.Linux.Dashboard;
using SmmAgent.Linux.Dashboard.Tokens;
using SmmAgent.Linux.Network.Address;
using SmmAgent.Linux.Network.Names;
using SmmAgent.Linux.State;

namespace SmmAgent.Host.Address;

/// <summary>
/// Finds the address at which the cluster reaches the VM by the rules of the daemon, but with the last known address that root keeps.
/// </summary>
internal sealed class HostAddress(AgentPaths paths, TimeProvider time)
{
    /// <param name="save">Whether to record the address as the last known one.</param>
    public async Task<AddressState> FindAsync(AgentSettings settings, MeshConfig config, bool save, CancellationToken cancel)
    {
        var names = new NameLookup(time);
        using var providers = new AddressProviderClient(time, names);
        using var client = DashboardTarget.From(settings) is { } target
            ? new DashboardClient(
                target, settings.CaFile, BearerTokenFile.From(paths, time), ProgramVersion.Current, time, settings.Proxy)
            : null;
        var sources = new AddressSources(
            providers, new DashboardAddress(_ => client, NullLogger.Instance), new DirectRoute(time, names),
            new LastKnownAddressFile(paths.HostLastKnownAddress));
        var lastKnown = new LastKnownAddressKeeper(sources.LastKnown, NullLogger.Instance);
        var found = await sources.FindAsync(settings, config, () => lastKnown.Value, cancel);
        if (save && found is { Address: { } address, AddressKnown.Reason: not AddressDecision.LastKnown }
            && address.Source != AddressDecision.ConfiguredSource)
        {
            HostStateDirectory.Create(paths);
            lastKnown.Confirm(address, config, time.GetUtcNow());
        }

        return found;
    }
}
