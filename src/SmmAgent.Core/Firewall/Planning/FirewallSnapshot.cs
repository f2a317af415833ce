using System.Text;
using System.Text.Json;
using SmmAgent.Core.Firewall.Rules;
using SmmAgent.Core.Firewall.State;

namespace SmmAgent.Core.Firewall.Planning;

/// <summary>
/// The state of the firewall and of the units before a reconcile that waits for its confirmation: a rollback restores it.
/// </summary>
/// <remarks>
/// The snapshot of the sidecar is a file of its own, because detach needs it also without a rollback. A later version must read what this
/// one wrote: a member that is added must not be required.
/// </remarks>
public sealed record FirewallSnapshot
{
    private const int ThisFormat = 1;

    /// <summary>Raised where an earlier version would restore something wrong; such a snapshot is not read by it.</summary>
    public int Format { get; init; } = ThisFormat;

    /// <summary>
    /// The rules of the agent's chain by command, for example <c>iptables</c>. A chain that nothing leads into has no effect and is left
    /// out.
    /// </summary>
    public required IReadOnlyDictionary<string, IReadOnlyList<string>> Chains { get; init; }

    /// <summary>The openings of the agent by zone of firewalld; empty without firewalld.</summary>
    public required IReadOnlyDictionary<string, IReadOnlyList<PortOpening>> Zones { get; init; }

    /// <summary>The units of the agent that ran.</summary>
    public required IReadOnlyList<string> Running { get; init; }

    /// <returns>Null and the reason when something cannot be observed: it could not be restored.</returns>
    public static (FirewallSnapshot? Snapshot, string? Reason) Create(ObservedFirewall observed, IReadOnlyList<string> running)
    {
        var chains = new Dictionary<string, IReadOnlyList<string>>();
        foreach (var filter in observed.Filters)
        {
            if (filter.State.Value is not { } state)
                return (null, $"{filter.Tool} cannot be read: {filter.State.UnknownReason}");
            if (RulesIn(state.Table) is { } rules)
                chains[filter.Tool.Command] = rules;
        }

        if (observed.Firewalld is FirewalldObservation.NotSeen { Reason: var reason })
            return (null, $"firewalld cannot be read: {reason}");
        IReadOnlyList<FirewalldZone> zones = observed.Firewalld is FirewalldObservation.Seen seen ? seen.State.Zones : [];
        return (new() { Chains = chains, Zones = zones.ToDictionary(zone => zone.Name, OpeningsIn), Running = running }, null);
    }

    /// <summary>The rules of the agent's chain; null where nothing leads into it: then it has no effect.</summary>
    public static IReadOnlyList<string>? RulesIn(FilterTable table) =>
        table.Chain(AgentChain.Name) is { } chain && table.ReferencesTo(AgentChain.Name).Any()
            ? chain.Rules.Where(rule => !rule.IsHandle).Select(rule => rule.Text).ToArray()
            : null;

    // FirewallSnapshotJson accepts null as an element of a list or a dictionary although the types exclude it.
    private bool IsComplete =>
        Chains.Values.All(rules => rules is not null && rules.All(rule => rule is not null))
        && Zones.Values.All(
            openings => openings is not null && openings.All(open => open is { Port: >= 0 and <= ushort.MaxValue }))
        && Running.All(unit => unit is not null);

    private static IReadOnlyList<PortOpening> OpeningsIn(FirewalldZone zone) =>
        zone.OwnRules.OrderBy(open => open.Port).ThenBy(open => $"{open.Source}", StringComparer.Ordinal).ToArray();

    public byte[] Write() => FirewallSnapshotJson.Write(this);

    /// <returns>Null when <see cref="Write"/> of this or an earlier version did not write it.</returns>
    public static FirewallSnapshot? Read(ReadOnlySpan<byte> content)
    {
        if (content.StartsWith("smm-agent undo "u8))
            return FirewallSnapshotText.Read(Encoding.UTF8.GetString(content));

        try
        {
            return FirewallSnapshotJson.Read(content) is { Format: <= ThisFormat } snapshot
                && snapshot.IsComplete ? snapshot : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
