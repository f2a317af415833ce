using System.Net;
using SmmAgent.Core.Firewall.Rules;
using SmmAgent.Core.Firewall.State;
using SmmAgent.Core.Planning;

namespace SmmAgent.Core.Firewall.Planning;

/// <summary>Plans the changes of the firewall: a pure function of the desired and the observed state.</summary>
public static class FirewallPlanner
{
    /// <summary>The steps from the observed to the desired state. There is no step for what is unknown.</summary>
    public static Plan Plan(DesiredFirewall desired, ObservedFirewall observed) =>
        new([.. Chains(desired, observed.Filters), .. Firewalld(desired, observed.Firewalld)]);

    /// <summary>The steps that remove the agent's chains, jumps and rules from every table that is known, and from firewalld.</summary>
    public static Plan Remove(ObservedFirewall observed) => new(
    [
        .. observed.Filters.Concat(observed.OtherBackend).SelectMany(Removal),
        .. Zones(observed.Firewalld).Where(zone => zone.OwnRules.Count > 0)
            .Select(zone => new CloseInFirewalld(zone.Name, [], [], Sorted(zone.OwnRules))),
    ]);

    /// <summary>The steps that restore the agent's part of an earlier state.</summary>
    public static Plan Restore(FirewallSnapshot before, ObservedFirewall observed) =>
        new([.. observed.Filters.SelectMany(filter => RestoreChain(before, filter)), .. RestoreZones(before, observed.Firewalld)]);

    private static IEnumerable<PlanStep> RestoreChain(FirewallSnapshot before, ObservedFilter filter)
    {
        if (filter.State.Value is not { Presence: FilterPresence.Present, Table: var table })
            return [];
        if (!before.Chains.TryGetValue(filter.Tool.Command, out var rules))
            return Removal(filter);
        if (FirewallSnapshot.RulesIn(table) is { } now && now.SequenceEqual(rules))
            return [];

        var previous = rules.Select(FilterRule.Parse).ToArray();
        return [new RewriteChain(filter.Tool, previous, JumpsOf(table).ToArray(), ["restore the previous state"])
        {
            IsNative = filter.State.Value.Native is not null,
        }];
    }

    private static IEnumerable<PlanStep> RestoreZones(FirewallSnapshot before, FirewalldObservation observed)
    {
        foreach (var zone in Zones(observed))
        {
            if (!before.Zones.TryGetValue(zone.Name, out var openings) || zone.OwnRules.SetEquals(openings))
                continue;

            List<int> ports = openings.Select(open => open.Port).Distinct().ToList();
            List<IPNetwork> sources = openings.Select(open => open.Source).OfType<IPNetwork>().Distinct().ToList();
            List<int> closed = openings.Except(zone.OwnRules).Select(open => open.Port).Distinct().ToList();
            if (closed.Count > 0)
                yield return new OpenInFirewalld(zone.Name, ports, sources, closed);
            else
                yield return new CloseInFirewalld(zone.Name, ports, sources, Sorted(zone.OwnRules.Except(openings)));
        }
    }

    private static IEnumerable<FilterRule> JumpsOf(FilterTable table) =>
        table.Chain("INPUT")?.Rules.Where(rule => rule.Target == AgentChain.Name) ?? [];

    private static IEnumerable<PlanStep> Chains(DesiredFirewall desired, IReadOnlyList<ObservedFilter> filters)
    {
        foreach (var filter in filters)
        {
            if (filter.State.Value is not { Presence: FilterPresence.Present, Table: var table } state)
                continue;

            // A table of nftables without a chain of that name belongs to another program: the agent changes none of its chains.
            if (state.Native is not null && table.Chain("INPUT") is null)
                continue;

            var wanted = Wanted(desired, filter.Tool.Family, table);
            var drift = ChainDrift.Find(state, wanted, filter.Tool.Family);
            if (drift.All.Count == 0)
                continue;

            yield return new RewriteChain(filter.Tool, wanted, drift.Jump is null ? [] : JumpsOf(table).ToArray(), drift.All)
            {
                KeepsJump = drift.Jump is null,
                IsNative = state.Native is not null,
            };
        }
    }

    private static List<FilterRule> Wanted(DesiredFirewall desired, IpFamily family, FilterTable table)
    {
        var wanted = AgentRules.Build(desired, family).ToList();
        if (desired.Complete || table.Chain(AgentChain.Name) is not { } chain)
            return wanted;

        // The ports of the WorkloadGroup are unknown now: ports that the agent opened for it before stay open.
        var known = wanted.Select(rule => rule.Canonical).ToHashSet();
        foreach (var rule in chain.Rules)
        {
            if (rule.Comment?.StartsWith(AgentChain.CommentPrefix, StringComparison.Ordinal) == true && known.Add(rule.Canonical))
                wanted.Add(rule);
        }

        return wanted;
    }

    private static IEnumerable<PlanStep> Firewalld(DesiredFirewall desired, FirewalldObservation observed)
    {
        var ports = desired.Ports.Select(port => port.Port).ToList();
        foreach (var zone in Zones(observed))
        {
            List<int> wanted = zone.ReceivesTraffic ? ports : [];
            var closed = wanted.Where(port => !zone.OpenNow.Contains(port) || !zone.OpenPermanently.Contains(port)).ToList();

            // The step closes ports that left the WorkloadGroup. While these are unknown, it is only for a zone without a rule of the
            // agent.
            var isUntouched = !wanted.Any(port => zone.OpenNow.Contains(port) || zone.OpenPermanently.Contains(port));
            if (closed.Count > 0 && (desired.Complete || isUntouched))
                yield return new OpenInFirewalld(zone.Name, wanted, desired.Sources, closed);
            else if (desired.Complete && Stale(zone, wanted, desired.Sources) is { Count: > 0 } stale)
                yield return new CloseInFirewalld(zone.Name, wanted, desired.Sources, stale);
        }
    }

    private static IReadOnlyList<FirewalldZone> Zones(FirewalldObservation observed) =>
        observed is FirewalldObservation.Seen { State.Zones: var zones } ? zones : [];

    private static List<PortOpening> Stale(FirewalldZone zone, IReadOnlyList<int> wanted, IReadOnlyList<IPNetwork> sources) =>
        Sorted(zone.OwnRules.Where(
            own => !wanted.Contains(own.Port) || (own.Source is { } source ? !sources.Contains(source) : sources.Count > 0)));

    private static List<PortOpening> Sorted(IEnumerable<PortOpening> openings) =>
        openings.Select(open => (Text: $"{open}", Opening: open)).OrderBy(open => open.Text, StringComparer.Ordinal)
            .Select(open => open.Opening).ToList();

    private static IEnumerable<PlanStep> Removal(ObservedFilter filter)
    {
        if (filter.State.Value?.Table is not { } table)
            yield break;

        var chainExists = table.Chain(AgentChain.Name) is not null;
        var references = table.ReferencesTo(AgentChain.Name).Select(reference => (reference.Chain, reference.Rule)).ToList();
        TableOrigin? empty = IsUsedByOthers(table) ? null : filter.Origin;
        if (chainExists || references.Count > 0 || empty == TableOrigin.Agent)
            yield return new RemoveChain(filter.Tool, references, chainExists, empty) { IsNative = filter.State.Value.Native is not null };
    }

    private static bool IsUsedByOthers(FilterTable table) =>
        table.Chains.Values.Any(chain => chain.Name != AgentChain.Name
            && (chain.Policy != "ACCEPT" || chain.Rules.Any(rule => rule.Target != AgentChain.Name)));
}
