using System.Text.Json;
using SmmAgent.Core.Firewall.Nft;
using SmmAgent.Core.Firewall.Rules;

namespace SmmAgent.Core.Firewall.Evaluation;

/// <summary>Evaluates a base chain of nftables for a packet.</summary>
public static class NftEvaluator
{
    /// <returns>Null when the chain does not see packets of this family.</returns>
    /// <param name="rules">
    /// The number of rules of the chain to evaluate; a packet that passes them is accepted. Null for all rules, and the policy.
    /// </param>
    public static WalkResult? Evaluate(NftRuleset ruleset, NftChain chain, Packet packet, int? rules = null)
    {
        if (!Sees(chain, packet))
            return null;

        var matcher = new NftMatcher(ruleset, chain.Table, packet);
        return ChainWalk.Follow(
            chain.Name,
            rules is not null || chain.PolicyAccepts,
            name => ruleset.Rules(chain.Table, name).Take(name == chain.Name && rules is { } first ? first : int.MaxValue)
                .SelectMany(rule => Effects(rule, matcher)));
    }

    /// <summary>Evaluates a base chain for one of many packets.</summary>
    /// <returns>Null when the chain does not see packets of this family.</returns>
    internal static WalkResult? Evaluate(IndexedRuleset indexed, NftChain chain, Packet packet)
    {
        if (!Sees(chain, packet))
            return null;

        var matcher = new NftMatcher(indexed.Ruleset, chain.Table, packet);
        return ChainWalk.Follow(
            chain.Name,
            chain.PolicyAccepts,
            name => indexed.Rules(chain.Table, name, packet).SelectMany(rule => Effects(rule, matcher)));
    }

    private static bool Sees(NftChain chain, Packet packet) => chain.Table.Family != (packet.Family == IpFamily.IPv4 ? "ip6" : "ip");

    // A rule is a list of statements: matches narrow it down, a verdict or a verdict map ends it.
    private static IEnumerable<RuleEffect> Effects(JsonElement rule, NftMatcher matcher)
    {
        var match = Match.Yes;
        foreach (var statement in ((JsonElement?)rule).Items())
        {
            if (statement.Only() is not var (name, value))
            {
                match = Least(match, Match.Maybe);
                continue;
            }

            if (name == "vmap")
            {
                foreach (var effect in matcher.Map(value))
                    yield return effect with { Match = Least(match, effect.Match) };
            }
            else if (Verdict(name, value) is { } verdict)
            {
                yield return verdict with { Match = match };
            }
            else
            {
                match = Least(match, Statement(name, value, matcher));
            }
        }
    }

    /// <summary>The verdict that a statement or an element of a map holds; null when it holds none.</summary>
    public static RuleEffect? Verdict(string name, JsonElement value) => name switch
    {
        "accept" => new(Match.Yes, RuleAction.Accept),
        "drop" or "reject" => new(Match.Yes, RuleAction.Drop),
        "return" => new(Match.Yes, RuleAction.Return),
        "jump" or "goto" => value.Member("target").Text() is { } target
            ? new(Match.Yes, name == "jump" ? RuleAction.Jump : RuleAction.Goto, target)
            : new(Match.Yes, RuleAction.Undecided),
        "queue" or "synproxy" => new(Match.Yes, RuleAction.Undecided),
        _ => null,
    };

    private static Match Statement(string name, JsonElement value, NftMatcher matcher) => name switch
    {
        "match" => matcher.Matches(value),
        "counter" or "log" or "notrack" or "mangle" or "quota" or "flow" or "ct helper" or "set" => Match.Yes,
        "xt" when value.Member("name").Text() == "comment" => Match.Yes,
        // A limit, a foreign module: whether the rule continues is unknown here.
        _ => Match.Maybe,
    };

    private static Match Least(Match one, Match other) => one < other ? one : other;
}
