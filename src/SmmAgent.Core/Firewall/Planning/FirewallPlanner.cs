using System.Net;
using SmmAgent.Core.Firewall.Rules;
using SmmAgent.Core.Firewall.State;
using SmmAgent.Core.Planning;

namespace SmmAgent.Core.Firewall.Planning;

/// <summary>Decides what to do on the host: a pure function of what should be and what is.</summary>
public static class FirewallPlanner
{
    /// <summary>The steps that make the host's firewall what it should be. What could not be seen gets no step.</summary>
    public static Plan Plan(DesiredFirewall desired, ObservedFirewall observed) =>
        new([.. Chains(desired, observed.Filters), .. Firewalld(desired, observed.Firewalld)]);

    /// <summary>The steps that remove the agent's chain and jumps from every filter table that could be seen.</summary>
    public static Plan Remove(ObservedFirewall observed) => new([.. observed.Filters.Concat(observed.OtherBackend).SelectMany(Removal)]);

    /// <summary>The steps that close all that the agent opened in firewalld.</summary>
    public static IEnumerable<PlanStep> CloseFirewalld(FirewalldObservation observed) => observed is FirewalldObservation.Seen { State.Zones: var zones }
        ? zones.Where(zone => zone.OwnRules.Count > 0).Select(zone => new CloseInFirewalld(zone.Name, [], [], Stale(zone, [], [])))
        : [];

    /// <summary>The steps that bring back what was the agent's at an earlier time.</summary>
    public static Plan Restore(FirewallSnapshot before, ObservedFirewall observed) =>
        new([.. observed.Filters.SelectMany(filter => Restore(before, filter)), .. RestoreFirewalld(before, observed.Firewalld)]);

    private static IEnumerable<PlanStep> Restore(FirewallSnapshot before, ObservedFilter filter)
    {
        if (filter.State.Value is not { Presence: FilterPresence.Present, Table: var table })
            return [];
        if (before.RulesBefore(filter.Tool) is not { } rules)
            return Removal(filter);

        return FirewallSnapshot.RulesIn(table) is { } now && now.SequenceEqual(rules)
            ? []
            : [new RewriteChain(filter.Tool, rules, [.. JumpsOf(table)], ["as it was before"]) { IsNative = filter.State.Value.Native is not null }];
    }

    private static IEnumerable<PlanStep> RestoreFirewalld(FirewallSnapshot before, FirewalldObservation observed)
    {
        if (observed is not FirewalldObservation.Seen { State.Zones: var zones })
            yield break;

        foreach (var zone in zones)
        {
            var now = FirewallSnapshot.OpenIn(zone);
            if (before.OpenBefore(zone.Name) is not { } was || was.SequenceEqual(now))
                continue;

            List<int> ports = [.. was.Select(FirewallSnapshot.PortOf).Distinct()];
            List<string> sources = [.. was.Select(FirewallSnapshot.SourceOf).Where(source => source != FirewallSnapshot.AnySource).Distinct()];
            List<int> closed = [.. was.Except(now).Select(FirewallSnapshot.PortOf).Distinct()];
            if (closed.Count > 0)
                yield return new OpenInFirewalld(zone.Name, ports, sources, closed);
            else
                yield return new CloseInFirewalld(zone.Name, ports, sources, [.. now.Except(was)]);
        }
    }

    private static IEnumerable<string> JumpsOf(FilterTable table) =>
        table.Chain("INPUT")?.Rules.Where(rule => rule.Target == AgentChain.Name).Select(rule => rule.Text) ?? [];

    private static IEnumerable<PlanStep> Chains(DesiredFirewall desired, IReadOnlyList<ObservedFilter> filters)
    {
        foreach (var filter in filters)
        {
            if (filter.State.Value is not { Presence: FilterPresence.Present, Table: var table } state)
                continue;

            // Of a table that is somebody's of nftables, without the chain of that name: no other of its chains is the agent's to change.
            if (state.Native is not null && table.Chain("INPUT") is null)
                continue;

            var wanted = Wanted(desired, filter.Tool.Family, table);
            var drift = ChainDrift.Find(state, wanted, filter.Tool.Family);
            if (drift.All.Count == 0)
                continue;

            yield return new RewriteChain(filter.Tool, [.. wanted.Select(rule => rule.Text)], drift.Jump is null ? [] : [.. JumpsOf(table)], drift.All)
            {
                KeepsJump = drift.Jump is null,
                IsNative = state.Native is not null,
            };
        }
    }

    private static List<FilterRule> Wanted(DesiredFirewall desired, IpFamily family, FilterTable table)
    {
        var wanted = AgentRules.Build(desired, family).Select(rule => FilterRule.Parse(rule.ToString())).ToList();
        if (desired.Complete || table.Chain(AgentChain.Name) is not { } chain)
            return wanted;

        // The WorkloadGroup's ports are not known now: what the agent opened for it before stays open.
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
        if (observed is not FirewalldObservation.Seen { State.Zones: var zones })
            yield break;

        var ports = desired.Ports.Select(port => port.Port).ToList();
        List<string> sources = [.. desired.Sources.Select(source => source.ToString())];
        foreach (var zone in zones)
        {
            List<int> wanted = zone.ReceivesTraffic ? ports : [];
            var closed = wanted.Where(port => !zone.OpenNow.Contains(port) || !zone.OpenPermanently.Contains(port)).ToList();

            // The step closes ports that left the WorkloadGroup. While that is unknown, it is for a zone in which nothing is the agent's yet.
            var isUntouched = !wanted.Any(port => zone.OpenNow.Contains(port) || zone.OpenPermanently.Contains(port));
            if (closed.Count > 0 && (desired.Complete || isUntouched))
                yield return new OpenInFirewalld(zone.Name, wanted, sources, closed);
            else if (desired.Complete && Stale(zone, wanted, desired.Sources) is { Count: > 0 } stale)
                yield return new CloseInFirewalld(zone.Name, wanted, sources, stale);
        }
    }

    private static List<string> Stale(FirewalldZone zone, IReadOnlyList<int> wanted, IReadOnlyList<IPNetwork> sources) =>
    [
        .. zone.OwnRules
            .Where(ours => !wanted.Contains(ours.Port) || (ours.Source is { } source ? !sources.Contains(source) : sources.Count > 0))
            .Select(ours => ours.Source is { } source ? $"{ours.Port} from {source}" : $"{ours.Port}")
            .Order(StringComparer.Ordinal),
    ];

    private static IEnumerable<PlanStep> Removal(ObservedFilter filter)
    {
        if (filter.State.Value?.Table is not { } table)
            yield break;

        var chainExists = table.Chain(AgentChain.Name) is not null;
        var references = table.ReferencesTo(AgentChain.Name).Select(reference => (reference.Chain, reference.Rule.Text)).ToList();
        TableOrigin? empty = IsUsedByOthers(table) ? null : filter.Origin;
        if (chainExists || references.Count > 0 || empty == TableOrigin.Agent)
            yield return new RemoveChain(filter.Tool, references, chainExists, empty) { IsNative = filter.State.Value.Native is not null };
    }

    private static bool IsUsedByOthers(FilterTable table) =>
        table.Chains.Values.Any(chain => chain.Name != AgentChain.Name
            && (chain.Policy != "ACCEPT" || chain.Rules.Any(rule => rule.Target != AgentChain.Name)));
}
