using SmmAgent.Core.Firewall.Evaluation;
using SmmAgent.Core.Firewall.Nft;
using SmmAgent.Core.Firewall.Rules;
using SmmAgent.Core.Firewall.State;

namespace SmmAgent.Core.Firewall.Planning;

/// <summary>The differences between a filter table and its desired state.</summary>
/// <param name="Chain">The differences in the agent's chain, in words.</param>
/// <param name="Jump">The problem with the jump into the chain, in words; null while the jump is effective, in any place.</param>
public sealed record ChainDrift(IReadOnlyList<string> Chain, string? Jump)
{
    private const string Input = "INPUT";
    private const int MaximumNames = 20;

    public IReadOnlyList<string> All => Jump is { } jump ? [.. Chain, jump] : Chain;

    public static ChainDrift Find(FilterState state, IReadOnlyList<FilterRule> wanted, IpFamily family)
    {
        var table = state.Table;
        if (table.Chain(AgentChain.Name) is not { } chain)
            return new([$"chain {AgentChain.Name} is missing"], JumpDrift(state, wanted, family));

        // The usual case, without a canonical form of each rule: iptables-save prints what the agent wrote.
        if (AreSame(chain.Rules, wanted))
            return new([], JumpDrift(state, wanted, family));

        var drift = new List<string>();
        var extra = chain.Rules.ToLookup(rule => rule.Canonical).ToDictionary(group => group.Key, group => group.ToList());
        var missing = new List<string>();
        foreach (var rule in wanted)
        {
            if (extra.TryGetValue(rule.Canonical, out var same) && same.Count > 0)
                same.RemoveAt(same.Count - 1);
            else
                missing.Add(Name(rule));
        }

        if (missing.Count > 0)
            drift.Add($"missing: {First(missing)}");
        if (extra.Values.SelectMany(rules => rules).Select(Name).ToList() is { Count: > 0 } tooMany)
            drift.Add($"unwanted: {First(tooMany)}");
        return new(drift, JumpDrift(state, wanted, family));
    }

    private static bool AreSame(IReadOnlyList<FilterRule> rules, IReadOnlyList<FilterRule> wanted)
    {
        if (rules.Count != wanted.Count)
            return false;
        for (var at = 0; at < rules.Count; at++)
        {
            if (rules[at].Text != wanted[at].Text)
                return false;
        }

        return true;
    }

    // The text is a line of the journal; a WorkloadGroup may have a thousand ports.
    private static string First(List<string> names) => names.Count <= MaximumNames
        ? string.Join(", ", names)
        : $"{string.Join(", ", names.Take(MaximumNames))} and {names.Count - MaximumNames} more";

    private static string? JumpDrift(FilterState state, IReadOnlyList<FilterRule> wanted, IpFamily family)
    {
        var input = state.Table.Chain(Input)?.Rules ?? [];
        var at = input.TakeWhile(rule => rule.Target != AgentChain.Name).Count();
        if (at == input.Count)
            return "the jump in INPUT is missing";
        if (input.Count(rule => rule.Target == AgentChain.Name) is > 1 and var jumps)
            return $"INPUT has {jumps} jumps";
        if (input[at].Canonical != AgentChain.Jump.Canonical)
            return "the jump in INPUT was changed";

        if (at == 0 || !Blocked(at).Any())
            return null;

        // Ports that the first rules block are not opened by further rules.
        var (low, high) = (1, at);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = Blocked(middle).Any() ? (low, middle) : (middle + 1, high);
        }

        return $"a rule above the jump blocks {string.Join(", ", Blocked(low).Distinct())}: {input[low - 1].Text}";

        IEnumerable<string> Blocked(int rules) => Ports(state, wanted, family, rules);
    }

    /// <summary>The ports that the first rules of INPUT block for all packets of the cluster.</summary>
    private static IEnumerable<string> Ports(FilterState state, IReadOnlyList<FilterRule> wanted, IpFamily family, int rules)
    {
        var native = state.Native?.Chains.FirstOrDefault(
            chain => chain.Table == NftFilterTable.ForFamily(family) && chain.Name == Input);
        foreach (var packet in wanted.Select(rule => Packet(rule, family)).OfType<Packet>())
        {
            var result = state.Native is { } ruleset && native is not null
                ? NftEvaluator.Evaluate(ruleset, native, packet, rules)
                : IptablesEvaluator.Evaluate(state.Table, Input, packet, rules);
            if (result is { Verdict: Verdict.Drop })
                yield return $"{packet.OriginalPort}";
        }
    }

    /// <summary>The first packet of a connection that a rule of the agent lets in; null for another rule.</summary>
    internal static Packet? Packet(FilterRule rule, IpFamily family) => PortMatch.From(rule) is { } match
        ? Evaluation.Packet.FromCluster(family, match.Source ?? SourceNetworks.Any(family), match.Port, match.CapturedFrom ?? match.Port)
        : null;

    private static string Name(FilterRule rule) =>
        rule.Comment is { } comment && comment.StartsWith(AgentChain.CommentPrefix, StringComparison.Ordinal)
            ? comment[AgentChain.CommentPrefix.Length..]
            : rule.Text;
}
