using System.Net;
using SmmAgent.Core.Firewall.Rules;
using SmmAgent.Core.Firewall.State;
using SmmAgent.Linux.DBus;

namespace SmmAgent.Linux.Firewall;

/// <summary>firewalld, over its D-Bus interface.</summary>
/// <remarks>
/// The agent's part is rich rules of one priority (<see cref="FirewalldRule"/>), with the same text in the runtime and in the permanent
/// configuration. So nothing has to be reloaded (a reload would drop what other programs set until then), a reload or restart finds
/// the same rules, both can be compared with the desired rules, and all rules of the agent can be found and withdrawn without a record.
/// A permanent service of the agent would not do: the running firewalld does not know it before a reload, and bare ports carry no mark
/// of their owner. Root may do all of it. For other users polkit decides: by default its policy for servers refuses even to show the
/// ports of a zone.
/// </remarks>
/// <param name="busAddress">Default: the system bus.</param>
public sealed class Firewalld(string? busAddress = null) : IFirewalld
{
    private const string BusName = "org.fedoraproject.FirewallD1";

    /// <summary>
    /// The error of a call that firewalld executed and that failed. The errors of polkit and of the bus have other names.
    /// </summary>
    private const string FirewalldError = "org.fedoraproject.FirewallD1.Exception";

    private static readonly IReadOnlySet<int> NoPorts = new HashSet<int>();

    /// <inheritdoc/>
    public Task<FirewalldObservation> ObserveAsync(CancellationToken cancel) => ObserveAsync(StateAsync, cancel);

    /// <inheritdoc/>
    public Task<FirewalldObservation> ObserveOwnRulesAsync(CancellationToken cancel) => ObserveAsync(OwnRulesAsync, cancel);

    private async Task<FirewalldObservation> ObserveAsync(
        Func<BusConnection, CancellationToken, Task<FirewalldState>> read, CancellationToken cancel)
    {
        try
        {
            using var bus = await OpenWhereRunningAsync(cancel);
            if (bus is null)
                return new FirewalldObservation.NotRunning();
            return await ExplainedAsync(async () => new FirewalldObservation.Seen(await read(bus, cancel)));
        }
        catch (DBusException exception)
        {
            return new FirewalldObservation.NotSeen(exception.Message);
        }
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<string>> SetPortsAsync(
        string zone, IReadOnlyList<int> ports, IReadOnlyList<IPNetwork> sources, CancellationToken cancel)
    {
        var wanted = FirewalldRule.For(ports, sources);
        using var bus = BusConnection.Open(busAddress);
        return await ExplainedAsync(async () =>
        {
            var changes = new List<string>();
            foreach (var configuration in Both(bus))
            {
                // A zone that is only in the other configuration has nothing to close in this one.
                if (wanted.Count > 0 || (await configuration.ZonesAsync(cancel)).Contains(zone))
                    changes.AddRange(await SetRulesAsync(configuration, zone, wanted, cancel));
            }

            return changes;
        });
    }

    private static async Task<FirewalldState> StateAsync(BusConnection bus, CancellationToken cancel)
    {
        var runtime = new FirewalldRuntime(bus);
        var permanent = new FirewalldPermanent(bus);
        var busy = await runtime.ZonesWithTrafficAsync(cancel);
        var running = (await runtime.ZonesAsync(cancel)).ToHashSet();
        var kept = (await permanent.ZonesAsync(cancel)).ToHashSet();
        var zones = new List<FirewalldZone>();
        foreach (var zone in running)
        {
            var (openNow, rulesNow) = await ZoneAsync(runtime, zone, cancel);
            var (openPermanently, rulesKept) = kept.Contains(zone) ? await ZoneAsync(permanent, zone, cancel) : (NoPorts, []);
            zones.Add(new(zone, busy.Contains(zone), openNow, openPermanently) { OwnRules = rulesNow.Union(rulesKept).ToHashSet() });
        }

        // A zone that the running firewalld does not know receives no traffic: its ports and services do not matter.
        var (own, incomplete) = await OwnRulesAsync(permanent, kept.Except(running), cancel);
        return new([.. zones, .. own.Select(zone => OwnRulesOnly(zone.Key, zone.Value))]) { IncompleteReason = incomplete };
    }

    private static async Task<FirewalldState> OwnRulesAsync(BusConnection bus, CancellationToken cancel)
    {
        var zones = new Dictionary<string, IReadOnlySet<PortOpening>>();
        string? incomplete = null;
        foreach (var configuration in Both(bus))
        {
            var (own, reason) = await OwnRulesAsync(configuration, await configuration.ZonesAsync(cancel), cancel);
            foreach (var (zone, rules) in own)
                zones[zone] = zones.TryGetValue(zone, out var known) ? known.Union(rules).ToHashSet() : rules;
            incomplete ??= reason;
        }

        return new(zones.Select(zone => OwnRulesOnly(zone.Key, zone.Value)).ToArray()) { IncompleteReason = incomplete };
    }

    private static async Task<(Dictionary<string, IReadOnlySet<PortOpening>> Zones, string? IncompleteReason)> OwnRulesAsync(
        FirewalldConfiguration configuration, IEnumerable<string> zones, CancellationToken cancel)
    {
        var own = new Dictionary<string, IReadOnlySet<PortOpening>>();
        string? incomplete = null;
        foreach (var zone in zones)
        {
            try
            {
                own[zone] = (await OwnRulesAsync(configuration, zone, cancel)).ToHashSet();
            }
            catch (DBusException exception) when (exception.Name == FirewalldError)
            {
                incomplete ??= $"firewalld cannot show zone {zone}: {exception.Message}";
            }
        }

        return (own, incomplete);
    }

    private static FirewalldZone OwnRulesOnly(string zone, IReadOnlySet<PortOpening> rules) =>
        new(zone, ReceivesTraffic: false, NoPorts, NoPorts) { OwnRules = rules };

    private static async Task<(IReadOnlySet<int> Open, IEnumerable<PortOpening> Own)> ZoneAsync(
        FirewalldConfiguration configuration, string zone, CancellationToken cancel) =>
        (await configuration.OpenPortsAsync(zone, cancel), await OwnRulesAsync(configuration, zone, cancel));

    private static async Task<IEnumerable<PortOpening>> OwnRulesAsync(
        FirewalldConfiguration configuration, string zone, CancellationToken cancel) =>
        (await configuration.OursAsync(zone, cancel)).Values.Select(rule => new PortOpening(rule.Port, rule.Source));

    private static IEnumerable<FirewalldConfiguration> Both(BusConnection bus) => [new FirewalldRuntime(bus), new FirewalldPermanent(bus)];

    private static async Task<List<string>> SetRulesAsync(
        FirewalldConfiguration configuration, string zone, IReadOnlyList<FirewalldRule> wanted, CancellationToken cancel)
    {
        var changes = new List<string>();
        var there = await configuration.OursAsync(zone, cancel);
        foreach (var rule in wanted.Except(there.Values))
        {
            await UnlessAsync("ALREADY_ENABLED", configuration.AddAsync(zone, rule.Text, cancel));
            changes.Add($"added to zone {zone} of firewalld, {configuration.Name}: {rule.Text}");
        }

        foreach (var (text, _) in there.Where(rule => !wanted.Contains(rule.Value)))
        {
            await UnlessAsync("NOT_ENABLED", configuration.RemoveAsync(zone, text, cancel));
            changes.Add($"removed from zone {zone} of firewalld, {configuration.Name}: {text}");
        }

        return changes;
    }

    // Another program may have been faster, for example a reload.
    private static async Task UnlessAsync(string code, Task change)
    {
        try
        {
            await change;
        }
        catch (DBusException exception) when (exception.Message.StartsWith(code, StringComparison.Ordinal))
        {
        }
    }

    /// <summary>The bus, or null where firewalld does not run: it cannot run without one.</summary>
    private async Task<BusConnection?> OpenWhereRunningAsync(CancellationToken cancel)
    {
        BusConnection? bus = null;
        try
        {
            bus = BusConnection.Open(busAddress);
            var call = new BusCall("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "NameHasOwner").With(BusName);
            if (await bus.ReadAsync(call, "b", (ref reply) => reply.ReadBool(), cancel))
                return bus;
            bus.Dispose();
            return null;
        }
        catch (DBusException exception) when (exception.Name == DBusException.NoBus)
        {
            return null;
        }
        catch
        {
            bus?.Dispose();
            throw;
        }
    }

    private static async Task<T> ExplainedAsync<T>(Func<Task<T>> use)
    {
        try
        {
            return await use();
        }
        catch (DBusException exception)
        {
            throw new DBusException(exception.Name, exception.Name switch
            {
                DBusException.ServiceUnknown or DBusException.NameHasNoOwner => "firewalld is not running",
                DBusException.AccessDenied => Refused(exception),
                var name when name.Contains("NotAuthorizedException", StringComparison.Ordinal) => Refused(exception),
                _ => $"firewalld: {exception.Message}",
            });
        }
    }

    private static string Refused(DBusException exception) =>
        $"firewalld refused this user (polkit: {exception.Message}); the privileged reconcile, smm-agent-reconcile.service, may do it";
}
