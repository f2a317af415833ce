using SmmAgent.Core.Address;
using SmmAgent.Core.Conditions;
using SmmAgent.Daemon;
using SmmAgent.Linux.Network;

namespace SmmAgent.Checks.Looks;

/// <summary>The address under which the cluster reaches this VM.</summary>
/// <param name="State">What is known of it.</param>
/// <param name="IsDaemons">Whether it is what the running daemon uses; else it was looked for now, in the daemon's way.</param>
internal sealed record AddressLook(AddressState State, bool IsDaemons)
{
    public static async Task<AddressLook> AtAsync(CheckContext context, CancellationToken end)
    {
        if (context.Daemon.Status is { } status && status.Conditions.FirstOrDefault(one => one.Type == ConditionType.AddressKnown) is { } known)
        {
            var finding = new Finding(known.Type, Enum.Parse<ConditionStatus>(known.Status), known.Reason, known.Message);
            var address = status.Address is { } told ? new ExternalAddress(System.Net.IPAddress.Parse(told.Value), told.Source) : null;
            return new(new(address, finding), IsDaemons: true);
        }

        // A configured address needs no network, and no mesh configuration.
        var settings = context.Settings.Settings;
        var config = settings.NodeIp is null ? (await context.Mesh).Config : null;
        var names = new NameLookup(context.Time);
        using var providers = new AddressProviderClient(context.Time, names, Connector.DefaultTimeout);
        var lastKnown = new LastKnownAddressFile(context.Paths.LastKnownAddress);
        var sources = new AddressSources(providers, new DirectRoute(context.Time, names), lastKnown);
        return new(await sources.FindAsync(settings, config, () => lastKnown.Read(out _), end), IsDaemons: false);
    }
}
