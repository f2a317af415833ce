namespace SmmAgent.Core.Firewall.Verdicts;

/// <summary>What INPUT of an iptables filter table does with a packet.</summary>
public static class IptablesVerdict
{
    public static WalkResult Of(FilterTable table, Packet packet) =>
        table.Chain("INPUT") is { } input
            ? ChainWalk.Follow(
                "INPUT", input.Policy != "DROP", name => table.Chain(name)?.Rules.SelectMany(rule => Effect(rule, packet)) ?? [])
            : new(Verdict.Accept, false);

    private static IEnumerable<RuleEffect> Effect(FilterRule rule, Packet packet)
    {
        RuleAction? action = rule.Target switch
        {
            "ACCEPT" => RuleAction.Accept,
            "DROP" or "REJECT" => RuleAction.Drop,
            "RETURN" => RuleAction.Return,
            "QUEUE" or "NFQUEUE" or "SYNPROXY" => RuleAction.Undecided,
            // LOG and the like; the names of chains that exist are upper case, too.
            null or "LOG" or "NFLOG" or "ULOG" or "MARK" or "CONNMARK" or "SET" => null,
            "AUDIT" or "TRACE" or "TCPMSS" or "SECMARK" or "CONNSECMARK" => null,
            _ => rule.Goto ? RuleAction.Goto : RuleAction.Jump,
        };
        if (action is { } known)
        {
            var matches = rule.Options.Select(option => Matching(option, packet).NotIf(option.Negated));
            yield return new(Matches.All(matches), known, rule.Target);
        }
    }

    private static Match Matching(RuleOption option, Packet packet) => option.Name switch
    {
        "-p" => Matches.Of(option.Value == "tcp"),
        "-s" => SourceNetworks.Parse(option.Value) is { } network ? packet.From(network) : Match.Maybe,
        "-i" => option.Value == "lo" ? Match.No : option.Value == "+" ? Match.Yes : Match.Maybe,
        "-f" => Match.No,
        "--dport" => Port(option.Value, packet.Port),
        "--dports" or "--ports" => PortList(option, packet),
        "--ctstate" or "--state" => State(option.Value, packet),
        "--ctorigdstport" => Port(option.Value, packet.OriginalPort),
        "--comment" => Match.Yes,
        "--syn" => Match.Yes,
        "--tcp-flags" => option.Value == "FIN,SYN,RST,ACK SYN" ? Match.Yes : Match.Maybe,
        _ => Match.Maybe,
    };

    private static Match PortList(RuleOption option, Packet packet)
    {
        var listed = Matches.Any(option.Value.Split(',').Select(port => Port(port, packet.Port)));
        return option.Name == "--ports" && listed == Match.No ? Match.Maybe : listed;
    }

    private static Match State(string states, Packet packet)
    {
        var list = states.Split(',');
        return Matches.Of(list.Contains("NEW") || (packet.Captured && list.Contains("DNAT")));
    }

    private static Match Port(string range, int port)
    {
        var ends = range.Split(':');
        var first = ends[0].Length == 0 ? 0 : int.TryParse(ends[0], out var low) ? low : -1;
        var last = ends.Length == 1 ? first : ends[1].Length == 0 ? 65535 : int.TryParse(ends[1], out var high) ? high : -1;
        return first < 0 || last < 0 ? Match.Maybe : Matches.Of(first <= port && port <= last);
    }
}
