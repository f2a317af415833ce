using System.Text.Json;
using SmmAgent.Core.Firewall.Nft;

namespace SmmAgent.Core.Firewall.Evaluation;

/// <summary>A ruleset of nftables that is evaluated for many packets.</summary>
internal sealed class IndexedRuleset(NftRuleset ruleset)
{
    private readonly Dictionary<(NftTable, string), (IReadOnlyList<JsonElement> Rules, PortIndex<JsonElement>? Index)> _chains = [];

    public NftRuleset Ruleset => ruleset;

    /// <summary>The statements of each rule of a chain, without the rules whose port the packet does not have.</summary>
    public IEnumerable<JsonElement> Rules(NftTable table, string chain, Packet packet)
    {
        if (!_chains.TryGetValue((table, chain), out var found))
        {
            List<JsonElement> rules = ruleset.Rules(table, chain).ToList();
            _chains[(table, chain)] = found = (rules, PortIndex<JsonElement>.Create(rules, PortOf));
        }

        return found.Index?.For(packet) ?? found.Rules;
    }

    // Only the matches at the start of a rule: a verdict map before a match has an effect on every packet.
    private static RulePort PortOf(JsonElement rule)
    {
        int? port = null, original = null;
        foreach (var statement in ((JsonElement?)rule).Items())
        {
            if (statement.Only() is not ("match", var match))
                break;
            if (match.Member("op").Text() is not "==" || match.Member("left") is not { } left || match.Member("right") is not { } right
                || right.Integer() is not { } number)
            {
                continue;
            }

            switch (NftExpression.Subject(left))
            {
                case "tcp dport":
                    port = number;
                    break;
                case "ct original proto-dst":
                    original = number;
                    break;
            }
        }

        return new(port, original);
    }
}
