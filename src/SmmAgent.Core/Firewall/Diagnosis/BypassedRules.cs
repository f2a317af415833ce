using SmmAgent.Core.Firewall.Evaluation;
using SmmAgent.Core.Firewall.Planning;
using SmmAgent.Core.Firewall.Rules;
using SmmAgent.Core.Firewall.State;

namespace SmmAgent.Core.Firewall.Diagnosis;

/// <summary>
/// Rules of other programs that drop a part of the traffic that the agent accepts, such as a ban, and that no packet reaches because the
/// agent's jump comes before them.
/// </summary>
public static class BypassedRules
{
    private const string Input = "INPUT";
    private const int Most = 3;

    // Every host with ufw and IPv6 has such a rule; it matches no source.
    private const string RoutingHeader = "--rt-type";

    /// <returns>The first few, in the notation of iptables; empty when there are none.</returns>
    public static IReadOnlyList<string> Find(ObservedFirewall observed) =>
        (from filter in observed.Filters
         where filter.State.Value is { Presence: FilterPresence.Present, Native: null }
         from rule in In(filter.State.Value!.Table, filter.Tool.Family)
         select $"{filter.Tool} {rule}").Distinct().Take(Most).ToArray();

    private static IEnumerable<string> In(FilterTable table, IpFamily family)
    {
        var input = table.Chain(Input)?.Rules ?? [];
        var jump = input.TakeWhile(rule => rule.Target != AgentChain.Name).Count();
        if (jump == input.Count || table.Chain(AgentChain.Name) is not { } own)
            return [];

        var packets = own.Rules.Select(rule => ChainDrift.Packet(rule, family)).OfType<Packet>()
            .DistinctBy(packet => (packet.Port, packet.OriginalPort)).ToList();
        return packets.SelectMany(packet => Follow(table, Input, input.Skip(jump + 1), packet, Match.Yes, [Input, AgentChain.Name]));
    }

    private static IEnumerable<string> Follow(
        FilterTable table, string chain, IEnumerable<FilterRule> rules, Packet packet, Match path, HashSet<string> seen)
    {
        foreach (var rule in rules)
        {
            var match = IptablesEvaluator.Matching(rule, packet) is var own && own < path ? own : path;
            if (match == Match.No)
                continue;

            if (rule.Target is "DROP" or "REJECT" && match == Match.Maybe && rule.Options.All(option => option.Name != RoutingHeader))
                yield return $"{chain} {rule.Text}";
            if (rule.Target is "DROP" or "REJECT" or "ACCEPT" && match == Match.Yes)
                yield break;
            if (rule.Target is { } target && table.Chain(target) is { } next && seen.Add(target))
            {
                foreach (var found in Follow(table, target, next.Rules, packet, match, seen))
                    yield return found;
            }
        }
    }
}
