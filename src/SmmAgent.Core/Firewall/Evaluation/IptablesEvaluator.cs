using SmmAgent.Core.Firewall.Rules;

namespace SmmAgent.Core.Firewall.Evaluation;

/// <summary>Evaluates INPUT or OUTPUT of an iptables filter table for a packet.</summary>
public static class IptablesEvaluator
{
    public static WalkResult Evaluate(FilterTable table, Packet packet) => Evaluate(table, packet.Hook.ChainOfIptables(), packet);

    /// <summary>Evaluates a base chain for one of many packets.</summary>
    internal static WalkResult Evaluate(IndexedTable indexed, string name, Packet packet) => indexed.Table.Chain(name) is { } own
        ? ChainWalk.Follow(
            name,
            own.Policy != "DROP",
            next => indexed.Table.Chain(next) is { } chain ? Effects(indexed.Rules(chain, packet), packet) : [])
        : new(Verdict.Accept, false);

    /// <param name="rules">
    /// The number of rules of the chain to evaluate; a packet that passes them is accepted. Null for all rules, and the policy.
    /// </param>
    public static WalkResult Evaluate(FilterTable table, string name, Packet packet, int? rules = null) => table.Chain(name) is { } own
        ? ChainWalk.Follow(
            name,
            rules is not null || own.Policy != "DROP",
            next => table.Chain(next) is { } chain
                ? Effects(next == name && rules is { } first ? chain.Rules.Take(first) : chain.Rules, packet)
                : [])
        : new(Verdict.Accept, false);

    /// <summary>Whether the conditions of a rule match the packet.</summary>
    internal static Match Matching(FilterRule rule, Packet packet)
    {
        var match = Match.Yes;
        for (var at = 0; at < rule.Options.Count; at++)
        {
            var option = rule.Options[at];
            if (Matching(option, packet).NotIf(option.Negated) is var one && one < match)
                match = one;
            if (match == Match.No)
                break;
        }

        return match;
    }

    private static IEnumerable<RuleEffect> Effects(IEnumerable<FilterRule> rules, Packet packet)
    {
        foreach (var rule in rules)
        {
            if (Effect(rule, packet) is { } effect)
                yield return effect;
        }
    }

    private static RuleEffect? Effect(FilterRule rule, Packet packet)
    {
        RuleAction? action = rule.Target switch
        {
            "ACCEPT" => RuleAction.Accept,
            "DROP" or "REJECT" => RuleAction.Drop,
            "RETURN" => RuleAction.Return,
            "QUEUE" or "NFQUEUE" or "SYNPROXY" => RuleAction.Undecided,
            // LOG and the like; names of chains are also in upper case.
            null or "LOG" or "NFLOG" or "ULOG" or "MARK" or "CONNMARK" or "SET" => null,
            "AUDIT" or "TRACE" or "TCPMSS" or "SECMARK" or "CONNSECMARK" => null,
            _ => rule.Goto ? RuleAction.Goto : RuleAction.Jump,
        };
        return action is { } known ? new(Matching(rule, packet), known, rule.Target) : null;
    }

    private static Match Matching(RuleOption option, Packet packet) => option.Name switch
    {
        "-p" => MatchResults.From(packet.Transport == Transport.Tcp ? option.Value == "tcp" : option.Value is "udp" or "17"),
        "-s" => packet.From(option.Value),
        "-d" => packet.To(option.Value),
        // Packets of this host to itself are not evaluated.
        "-i" or "-o" => option.Value == "lo" ? Match.No : option.Value == "+" ? Match.Yes : Match.Maybe,
        "-f" => Match.No,
        "--sport" or "--source-port" => Port(option.Value, packet.SourcePort),
        "--dport" => Port(option.Value, packet.Port),
        "--sports" or "--source-ports" => PortList(option.Value, packet.SourcePort),
        "--dports" or "--destination-ports" => PortList(option.Value, packet.Port),
        "--ports" => MatchResults.Any([PortList(option.Value, packet.Port), PortList(option.Value, packet.SourcePort)]),
        "--ctstate" or "--state" => State(option.Value, packet),
        "--ctdir" => MatchResults.From(option.Value == "REPLY" == packet.IsReply),
        "--ctorigdstport" => Port(option.Value, PortRange.ForPort(packet.OriginalPort)),
        "--comment" => Match.Yes,
        "--syn" => MatchResults.From(!packet.IsReply),
        "--tcp-flags" => option.Value == "FIN,SYN,RST,ACK SYN" ? MatchResults.From(!packet.IsReply) : Match.Maybe,
        _ => Match.Maybe,
    };

    private static Match PortList(string ports, PortRange own)
    {
        var best = Match.No;
        foreach (var port in ports.AsSpan().Split(','))
        {
            if (Port(ports.AsSpan(port), own) is var match && match > best)
                best = match;
        }

        return best;
    }

    private static Match State(string states, Packet packet)
    {
        var list = states.Split(',');
        if (list.Contains(packet.IsReply ? "ESTABLISHED" : "NEW") || (packet.Captured && list.Contains("DNAT")))
            return Match.Yes;

        // Whether the addresses of this host's own connections are translated is unknown here.
        var isOwn = packet.IsReply || packet.Hook == Hook.Output;
        return isOwn && (list.Contains("SNAT") || list.Contains("DNAT")) ? Match.Maybe : Match.No;
    }

    private static Match Port(ReadOnlySpan<char> range, PortRange own)
    {
        var colon = range.IndexOf(':');
        var first = End(colon < 0 ? range : range[..colon], 0);
        var rest = range[(colon + 1)..];
        var last = colon < 0 ? first : End(rest.IndexOf(':') is var next and >= 0 ? rest[..next] : rest, ushort.MaxValue);
        return first < 0 || last < 0 ? Match.Maybe : own.Within(first, last);
    }

    // -1 for a port that is not a number.
    private static int End(ReadOnlySpan<char> port, int missing) =>
        port.IsEmpty ? missing : int.TryParse(port, out var number) ? number : -1;
}
