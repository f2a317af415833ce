using SmmAgent.Core.Firewall.Evaluation;
using SmmAgent.Core.Firewall.Nft;
using SmmAgent.Core.Firewall.Rules;
using SmmAgent.Core.Firewall.State;

namespace SmmAgent.Core.Firewall.Diagnosis;

/// <summary>A base chain that does not let ports in.</summary>
/// <param name="Where">The chain in the notation of its tool, for example <c>nftables chain inet filter input</c>.</param>
/// <param name="ByRule">Whether a rule refuses them, not only the policy.</param>
/// <param name="IsCertain">Whether the ports are blocked for certain; otherwise it depends on what the agent does not know.</param>
public sealed record ChainBlocker(string Where, IReadOnlyList<OpenPort> Ports, bool ByRule, bool IsCertain)
{
    /// <summary>The chain, when it is one of nftables' own.</summary>
    public NftChain? Nft { get; init; }

    /// <summary>The tool, when it is a chain of iptables.</summary>
    public FilterTool? Filter { get; init; }

    /// <summary>The chain of iptables, when it is not INPUT of the filter table.</summary>
    public IptablesChain? Elsewhere { get; init; }
}

/// <summary>A chain of iptables that packets to this host pass beside INPUT of the filter table.</summary>
/// <param name="IsBeforeCapture">Whether they pass it before the sidecar's capture redirects them.</param>
public sealed record IptablesChain(string Table, string Name, bool IsBeforeCapture)
{
    /// <summary>In the order in which the kernel goes through them.</summary>
    internal static IReadOnlyList<IptablesChain> All { get; } =
        [new("raw", "PREROUTING", true), new("mangle", "PREROUTING", true), new("mangle", "INPUT", false), new("security", "INPUT", false)];
}

/// <summary>Follows packets to each port through every base chain on the way to INPUT: all of them must accept.</summary>
public static class ChainBlockers
{
    public static IReadOnlyList<ChainBlocker> FindAll(DesiredFirewall desired, ObservedFirewall observed)
    {
        var blockers = new List<ChainBlocker>();
        foreach (var filter in observed.Filters.Concat(observed.OtherBackend))
        {
            // Where nft shows the table, its chains are evaluated below.
            if (filter.State.Value is not { Presence: FilterPresence.Present, Native: null, Table: var table })
                continue;

            var where = $"INPUT of {filter.Tool}{(observed.OtherBackend.Contains(filter) ? " (the other backend)" : "")}";
            var indexed = new IndexedTable(table);
            var input = Hook.Input.ChainOfIptables();
            var found = Find(
                where,
                desired,
                observed,
                packet => packet.Family == filter.Tool.Family ? IptablesEvaluator.Evaluate(indexed, input, packet) : null);
            blockers.AddRange(found.Select(blocker => blocker with { Filter = filter.Tool }));
        }

        blockers.AddRange(Elsewhere(desired, observed));

        if (observed.Nft?.Value is not { } ruleset)
            return blockers;

        var indexedRuleset = new IndexedRuleset(ruleset);
        foreach (var chain in ruleset.InputChains.Where(chain => !IsFirewallds(chain, observed)))
        {
            var found = Find($"nftables chain {chain}", desired, observed, packet => NftEvaluator.Evaluate(indexedRuleset, chain, packet));
            var tool = observed.Filters.FirstOrDefault(filter =>
                filter.State.Value?.Native is not null && NftFilterTable.ForFamily(filter.Tool.Family) == chain.Table)?.Tool;
            blockers.AddRange(found.Select(blocker => blocker with { Nft = chain, Filter = chain.Name == "INPUT" ? tool : null }));
        }

        return blockers;
    }

    // In these tables only a certain drop matters: they exist for marks and the like.
    private static IEnumerable<ChainBlocker> Elsewhere(DesiredFirewall desired, ObservedFirewall observed)
    {
        foreach (var filter in observed.Filters.Concat(observed.OtherBackend))
        {
            foreach (var chain in IptablesChain.All)
            {
                if (!filter.Others.TryGetValue(chain.Table, out var table))
                    continue;

                var indexed = new IndexedTable(table);
                var found = Find(
                    $"{chain.Name} of {filter.Tool}'s table {chain.Table}",
                    desired,
                    observed,
                    packet => packet.Family == filter.Tool.Family ? IptablesEvaluator.Evaluate(indexed, chain.Name, packet) : null,
                    chain.IsBeforeCapture);
                foreach (var blocker in found.Where(blocker => blocker.IsCertain))
                    yield return blocker with { Filter = filter.Tool, Elsewhere = chain };
            }
        }

        if (observed.Nft?.Value is not { } ruleset)
            yield break;

        var indexedRuleset = new IndexedRuleset(ruleset);
        foreach (var chain in ruleset.PreroutingChains)
        {
            var found = Find(
                $"nftables chain {chain}",
                desired,
                observed,
                packet => NftEvaluator.Evaluate(indexedRuleset, chain, packet),
                chain.IsBeforeCapture);
            foreach (var blocker in found.Where(blocker => blocker.IsCertain))
                yield return blocker with { Nft = chain };
        }
    }

    // A running firewalld reports its open ports itself, if it permits that. Its table contains them as well, but not by zone.
    internal static bool IsFirewallds(NftChain chain, ObservedFirewall observed) =>
        chain.Table.IsFirewallds && observed.Firewalld is FirewalldObservation.Seen;

    private static IEnumerable<ChainBlocker> Find(
        string where, DesiredFirewall desired, ObservedFirewall observed, Func<Packet, WalkResult?> follow, bool isBeforeCapture = false)
    {
        var results = (
            from port in desired.Ports
            let result = Worst(Packets(port, desired, observed, isBeforeCapture).Select(follow).OfType<WalkResult>())
            where result.Verdict != Verdict.Accept
            select (Port: port, result.Verdict, result.ByRule)).ToLookup(result => result.Verdict);
        foreach (var verdict in results)
        {
            yield return new(
                where,
                verdict.Select(result => result.Port).ToArray(),
                verdict.Any(result => result.ByRule),
                IsCertain: verdict.Key == Verdict.Drop);
        }
    }

    private static IEnumerable<Packet> Packets(OpenPort port, DesiredFirewall desired, ObservedFirewall observed, bool isBeforeCapture)
    {
        var seen = port.Captured && observed.Captured && !isBeforeCapture ? AgentChain.CapturePort : port.Port;
        return
            from filter in observed.Filters
            where filter.State.Value?.Presence != FilterPresence.FamilyOff
            from source in desired.SourcesIn(filter.Tool.Family)
            select Packet.FromCluster(filter.Tool.Family, source, seen, port.Port);
    }

    private static WalkResult Worst(IEnumerable<WalkResult> results)
    {
        var worst = new WalkResult(Verdict.Accept, false);
        foreach (var result in results)
        {
            if (result.Verdict == Verdict.Drop || (result.Verdict == Verdict.Unclear && worst.Verdict == Verdict.Accept))
                worst = result;
        }

        return worst;
    }
}
