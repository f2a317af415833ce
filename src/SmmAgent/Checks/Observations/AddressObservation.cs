using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using SmmAgent.Core.Address;
using SmmAgent.Core.Conditions;
using SmmAgent.Host;
using SmmAgent.Host.Address;
using SmmAgent.Linux.Dashboard;
using SmmAgent.Linux.Dashboard.Tokens;
using SmmAgent.Linux.Network.Address;
using SmmAgent.Linux.Network.Connections;
using SmmAgent.Linux.Network.Names;
using SmmAgent.Linux.State;

namespace SmmAgent.Checks.Observations;

/// <summary>The address at which the cluster reaches this VM.</summary>
/// <param name="State">The state of the address.</param>
/// <param name="IsDaemons">Whether the running daemon uses it; otherwise it was determined now, by the same rules.</param>
internal sealed record AddressObservation(AddressState State, bool IsDaemons)
{
    public static async Task<AddressObservation> ObserveAsync(CheckContext context, CancellationToken end)
    {
        if (context.Daemon.Status is { } status
            && status.Conditions.FirstOrDefault(one => one.Type == ConditionType.AddressKnown) is { } known)
        {
            var judged = Enum.TryParse<ConditionStatus>(known.Status, out var holds) ? holds : ConditionStatus.Unknown;
            var address = IPAddress.TryParse(status.Address?.Value, out var parsed) ? new ExternalAddress(parsed, status.Address.Source)
                : null;
            return new(new(address, new(known.Type, judged, known.Reason, known.Message)), IsDaemons: true);
        }

        // A configured address needs no network, and no mesh configuration.
        var settings = context.Settings.Settings;
        return settings.NodeIp is null
            ? await context.WithMeshAsync(mesh => FindAsync(context, mesh, end))
            : await FindAsync(context, null, end);
    }

    private static async Task<AddressObservation> FindAsync(CheckContext context, MeshObservation? mesh, CancellationToken end)
    {
        var settings = context.Settings.Settings;
        var names = new NameLookup(context.Time);
        using var providers = new AddressProviderClient(context.Time, names, Connector.DefaultTimeout);
        var lastKnown = new LastKnownAddressFile(context.Paths.LastKnownAddress);
        // Without a mesh configuration from it, the dashboard would not answer this request either.
        using var client = mesh is { Config: not null, LastGoodSince: null, Target: { } target }
            ? new DashboardClient(
                target, settings.CaFile, BearerTokenFile.From(context.Paths, context.Time), ProgramVersion.Current, context.Time,
                settings.Proxy)
            : null;
        var dashboard = new DashboardAddress(_ => client, NullLogger.Instance);
        var sources = new AddressSources(providers, dashboard, new DirectRoute(context.Time, names), lastKnown);
        return new(await sources.FindAsync(settings, mesh?.Config, () => lastKnown.Read(out _), end), IsDaemons: false);
    }
}
