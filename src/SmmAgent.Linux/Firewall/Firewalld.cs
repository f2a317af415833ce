using SmmAgent.Core.Firewall;
using SmmAgent.Linux.Systemd;

namespace SmmAgent.Linux.Firewall;

/// <summary>firewalld, over its D-Bus interface.</summary>
/// <remarks>
/// What is ours there are rich rules of one priority (<see cref="FirewalldRule"/>), the same text in the runtime and in the permanent
/// configuration. So nothing has to be reloaded (a reload would drop what others set until then), a reload or restart finds the same
/// rules, both can be compared with what is wanted, and all of ours can be found and withdrawn without remembering anything. A
/// permanent service of our own would not do: the running firewalld does not know it before a reload, and bare ports carry no mark of their owner.
/// Root may do all of it. For everyone else polkit decides: by default its policy for servers refuses even to show a zone's ports.
/// </remarks>
/// <param name="busAddress">Default: the system bus.</param>
public sealed class Firewalld(string? busAddress = null)
{
    private const string BusName = "org.fedoraproject.FirewallD1";

    /// <summary>What firewalld lets in now and after the next reload.</summary>
    public Task<FirewalldObservation> ObserveAsync(CancellationToken cancel) => Task.Run(() => Observe(cancel), cancel);

    /// <summary>Opens these ports to everyone: see the overload.</summary>
    public Task<IReadOnlyList<string>> OpenAsync(string zone, IReadOnlyList<int> ports, CancellationToken cancel) =>
        OpenAsync(zone, ports, [], cancel);

    /// <summary>Makes ours in a zone exactly these TCP ports, now and permanently: opens what is missing, then closes what is no longer wanted.</summary>
    /// <param name="ports">All that are wanted; none closes all of ours.</param>
    /// <param name="sources">The networks that may connect; empty means any.</param>
    /// <returns>What was changed, one line each; nothing when all was as it should be.</returns>
    /// <exception cref="DBusException">firewalld does not run, or refused.</exception>
    public Task<IReadOnlyList<string>> OpenAsync(
        string zone, IReadOnlyList<int> ports, IReadOnlyList<string> sources, CancellationToken cancel) =>
        Task.Run<IReadOnlyList<string>>(
            () =>
            {
                var wanted = FirewalldRule.For(ports, sources);
                using var bus = SdBus.OpenSystem(busAddress);
                return Explained<IReadOnlyList<string>>(() => [.. Both(bus).SelectMany(configuration => Settle(configuration, zone, wanted, cancel))]);
            },
            cancel);

    /// <summary>Makes ours exactly these TCP ports in exactly these zones, so it also follows traffic that moved to another zone.</summary>
    /// <returns>What was changed, one line each; nothing when all was as it should be, or firewalld does not run.</returns>
    /// <exception cref="DBusException">firewalld refused.</exception>
    public Task<IReadOnlyList<string>> SettleAsync(
        IReadOnlyList<string> zones, IReadOnlyList<int> ports, IReadOnlyList<string> sources, CancellationToken cancel) =>
        Task.Run<IReadOnlyList<string>>(
            () =>
            {
                var wanted = FirewalldRule.For(ports, sources);
                using var bus = OpenWhereRunning();
                if (bus is null)
                    return [];
                return Explained<IReadOnlyList<string>>(() =>
                [
                    .. from configuration in Both(bus)
                       from zone in configuration.Zones()
                       from change in Settle(configuration, zone, zones.Contains(zone) ? wanted : [], cancel)
                       select change,
                ]);
            },
            cancel);

    /// <summary>Removes everything of ours from every zone, now and permanently.</summary>
    /// <returns>What was removed, one line each; nothing when firewalld does not run.</returns>
    /// <exception cref="DBusException">firewalld refused.</exception>
    public Task<IReadOnlyList<string>> WithdrawAsync(CancellationToken cancel) => SettleAsync([], [], [], cancel);

    private FirewalldObservation Observe(CancellationToken cancel)
    {
        try
        {
            using var bus = OpenWhereRunning();
            if (bus is null)
                return new FirewalldObservation.NotRunning();
            return Explained(() => new FirewalldObservation.Seen(State(bus, cancel)));
        }
        catch (DBusException exception)
        {
            return new FirewalldObservation.NotSeen(exception.Message);
        }
    }

    private static FirewalldState State(SdBus bus, CancellationToken cancel)
    {
        var runtime = new FirewalldRuntime(bus);
        var permanent = new FirewalldPermanent(bus);
        var busy = runtime.ZonesWithTraffic();
        var kept = permanent.Zones().ToHashSet();
        var zones = new List<FirewalldZone>();
        foreach (var zone in runtime.Zones())
        {
            cancel.ThrowIfCancellationRequested();
            var isKept = kept.Contains(zone);
            var ours = runtime.Ours(zone).Values.Concat(isKept ? permanent.Ours(zone).Values : []);
            zones.Add(new(zone, busy.Contains(zone), runtime.OpenPorts(zone), isKept ? permanent.OpenPorts(zone) : new HashSet<int>())
            {
                Ours = ours.Select(rule => (rule.Port, rule.Source)).ToHashSet(),
            });
        }

        return new(zones);
    }

    private static IEnumerable<FirewalldConfiguration> Both(SdBus bus) => [new FirewalldRuntime(bus), new FirewalldPermanent(bus)];

    private static List<string> Settle(
        FirewalldConfiguration configuration, string zone, IReadOnlyList<FirewalldRule> wanted, CancellationToken cancel)
    {
        var changes = new List<string>();
        var there = configuration.Ours(zone);
        foreach (var rule in wanted.Except(there.Values))
        {
            cancel.ThrowIfCancellationRequested();
            Unless("ALREADY_ENABLED", () => configuration.Add(zone, rule.Text));
            changes.Add($"added to zone {zone} of firewalld, {configuration.Name}: {rule.Text}");
        }

        foreach (var (text, _) in there.Where(rule => !wanted.Contains(rule.Value)))
        {
            cancel.ThrowIfCancellationRequested();
            Unless("NOT_ENABLED", () => configuration.Remove(zone, text));
            changes.Add($"removed from zone {zone} of firewalld, {configuration.Name}: {text}");
        }

        return changes;
    }

    // Somebody may have been faster, for example a reload.
    private static void Unless(string code, Action change)
    {
        try
        {
            change();
        }
        catch (DBusException exception) when (exception.Message.StartsWith(code, StringComparison.Ordinal))
        {
        }
    }

    /// <summary>The bus, or null where firewalld does not run: it cannot run without one.</summary>
    private SdBus? OpenWhereRunning()
    {
        SdBus? bus = null;
        try
        {
            bus = SdBus.OpenSystem(busAddress);
            using var reply = bus.Call(
                bus.NewCall("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "NameHasOwner").Add(BusName));
            if (reply.ReadBool())
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

    private static T Explained<T>(Func<T> use)
    {
        try
        {
            return use();
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
        $"firewalld refused this user (polkit: {exception.Message}); root's part, smm-agent-reconcile.service, may";
}
