using SmmAgent.Core.Firewall.Evaluation;
using SmmAgent.Core.Firewall.Nft;
using SmmAgent.Core.Firewall.Rules;
using SmmAgent.Core.Firewall.State;

namespace SmmAgent.Core.Firewall.Planning;

/// <summary>In what a filter table differs from what it should be.</summary>
/// <param name="Chain">What differs in the agent's chain, in words.</param>
/// <param name="Jump">What is wrong with the jump into it, in words; null while it does what it is for, wherever it stands.</param>
public sealed record ChainDrift(IReadOnlyList<string> Chain, string? Jump)
{
    private const string Input = "INPUT";

    public IReadOnlyList<string> All => Jump is { } jump ? [.. Chain, jump] : Chain;

    public static ChainDrift Find(FilterState state, IReadOnlyList<FilterRule> wanted, IpFamily family)
    {
        var table = state.Table;
        if (table.Chain(AgentChain.Name) is not { } chain)
            return new([$"chain {AgentChain.Name} is missing"], JumpDrift(state, wanted, family));

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
            drift.Add($"missing: {string.Join(", ", missing)}");
        if (extra.Values.SelectMany(rules => rules).Select(Name).ToList() is { Count: > 0 } tooMany)
            drift.Add($"not wanted: {string.Join(", ", tooMany)}");
        return new(drift, JumpDrift(state, wanted, family));
    }

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

        if (!Shut(at).Any())
            return null;

        // What the first rules shut, more of them do not open.
        var (low, high) = (1, at);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = Shut(middle).Any() ? (low, middle) : (middle + 1, high);
        }

        return $"a rule above the jump shuts {string.Join(", ", Shut(low).Distinct())}: {input[low - 1].Text}";

        IEnumerable<string> Shut(int rules) => Ports(state, wanted, family, rules);
    }

    /// <summary>The ports whose packets from the cluster never come out behind the first rules of INPUT.</summary>
    private static IEnumerable<string> Ports(FilterState state, IReadOnlyList<FilterRule> wanted, IpFamily family, int rules)
    {
        NftChain? native = state.Native?.Chains.FirstOrDefault(chain => chain.Table == NftFilterTable.ForFamily(family) && chain.Name == Input);
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
