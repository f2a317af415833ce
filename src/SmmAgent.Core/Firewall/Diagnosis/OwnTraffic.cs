using System.Net;
using System.Net.Sockets;
using SmmAgent.Core.Firewall.Evaluation;
using SmmAgent.Core.Firewall.Rules;
using SmmAgent.Core.Firewall.State;

namespace SmmAgent.Core.Firewall.Diagnosis;

/// <summary>A connection that this VM makes.</summary>
/// <param name="Peer">Where to; null while the name of the peer is not resolved.</param>
public sealed record OwnConnection(Transport Transport, IPAddress? Peer, int Port)
{
    /// <summary>The port of name servers.</summary>
    public const int DnsPort = 53;

    /// <summary>A query to a name server. A server on this VM asks another server in turn, which the agent does not know.</summary>
    public static OwnConnection Dns(IPAddress server) => new(Transport.Udp, IPAddress.IsLoopback(server) ? null : server, DnsPort);
}

/// <summary>A base chain of this host that certainly drops a connection of the VM, or the replies to it.</summary>
/// <param name="Reason">
/// The reason for a condition: <see cref="OwnTraffic.RepliesDropped"/> or <see cref="OwnTraffic.OutputDropped"/>.
/// </param>
/// <param name="Problem">The problem, in one sentence.</param>
/// <param name="Remediation">The exact command.</param>
public sealed record OwnTrafficBlocker(string Reason, IpFamily Family, OwnConnection Connection, string Problem, string Remediation)
{
    public string Message => $"{Problem}; {Remediation}";

    /// <summary>Whether it explains a failed connection to an address.</summary>
    public bool Concerns(IPAddress peer, int port) =>
        Connection.Transport == Transport.Tcp && Connection.Port == port && OwnTraffic.FamilyOf(peer) == Family
        && (Connection.Peer is null || Connection.Peer.Equals(peer));

    /// <summary>Whether it explains that no name server answered.</summary>
    public bool ConcernsNames => Connection is { Transport: Transport.Udp, Port: OwnConnection.DnsPort };
}

/// <summary>The effect of the host's firewall on the VM's own connections.</summary>
/// <param name="Blockers">The certain drops; one for each connection and chain.</param>
/// <param name="UnclearReason">The reason why more may be dropped; null when everything was evaluated.</param>
public sealed record OwnTrafficEvaluation(IReadOnlyList<OwnTrafficBlocker> Blockers, string? UnclearReason);

/// <summary>Follows the first packet of each connection through OUTPUT, and the first reply through INPUT.</summary>
public static class OwnTraffic
{
    public const string RepliesDropped = nameof(RepliesDropped);
    public const string OutputDropped = nameof(OutputDropped);

    public static OwnTrafficEvaluation Evaluate(IReadOnlyList<OwnConnection> connections, ObservedFirewall observed)
    {
        var blockers = new List<OwnTrafficBlocker>();
        var unclear = UnknownReason(observed);
        foreach (var chain in Chains(observed))
        {
            var evaluated = connections.Where(connection => IsSeen(connection, chain.Family, observed))
                .Select(connection => (Connection: connection, Result: chain.Follow(Packet(connection, chain))))
                .Where(one => one.Result is not null).ToList();
            var dropped = evaluated.Where(one => one.Result is { Verdict: Verdict.Drop }).Select(one => one.Connection).ToList();
            if (evaluated.Any(one => one.Result is { Verdict: Verdict.Unclear }))
                unclear ??= $"{chain.Where} has rules the agent cannot evaluate";
            if (dropped.Count == 0)
                continue;

            var reason = chain.Hook == Hook.Input ? RepliesDropped : OutputDropped;
            var problem = Problem(chain, dropped, dropped.Count == evaluated.Count, observed);
            var fix = Remedy(chain, dropped, observed);
            blockers.AddRange(dropped.Select(connection => new OwnTrafficBlocker(reason, chain.Family, connection, problem, fix)));
        }

        return new(blockers, unclear);
    }

    internal static IpFamily FamilyOf(IPAddress address) =>
        address.AddressFamily == AddressFamily.InterNetwork ? IpFamily.IPv4 : IpFamily.IPv6;

    private static string? UnknownReason(ObservedFirewall observed) =>
        observed.Filters.FirstOrDefault(filter => filter.State.UnknownReason is not null) is { } filter
            ? $"{filter.Tool} cannot be read: {filter.State.UnknownReason}"
            : observed.Nft?.UnknownReason is { } reason ? $"tables of nftables cannot be read: {reason}" : null;

    private static IEnumerable<Chain> Chains(ObservedFirewall observed)
    {
        foreach (var hook in new[] { Hook.Output, Hook.Input })
        {
            foreach (var filter in observed.Filters.Concat(observed.OtherBackend))
            {
                if (filter.State.Value is { Presence: FilterPresence.Present, Native: null, Table: var table })
                {
                    yield return new(hook, filter.Tool.Family, hook.ChainOfIptables(), packet => IptablesEvaluator.Evaluate(table, packet))
                    {
                        Filter = filter.Tool,
                        Table = table,
                    };
                }
            }

            if (observed.Nft?.Value is not { } ruleset)
                continue;

            foreach (var chain in ruleset.ChainsAt(hook).Where(chain => !ChainBlockers.IsFirewallds(chain, observed)))
            {
                foreach (var family in new[] { IpFamily.IPv4, IpFamily.IPv6 })
                {
                    yield return new(hook, family, $"chain {chain}", packet => NftEvaluator.Evaluate(ruleset, chain, packet))
                    {
                        Nft = chain,
                    };
                }
            }
        }
    }

    // Where the family of the peer is not known, a name server is queried by IPv4.
    private static bool IsSeen(OwnConnection connection, IpFamily family, ObservedFirewall observed) =>
        connection.Peer is { } peer ? FamilyOf(peer) == family && !IPAddress.IsLoopback(peer)
        : connection.Transport == Transport.Udp ? family == IpFamily.IPv4
        : observed.Filters.Any(filter => filter.Tool.Family == family && filter.State.Value?.Presence != FilterPresence.FamilyOff);

    private static Packet Packet(OwnConnection connection, Chain chain)
    {
        var peer = connection.Peer is { } address
            ? new IPNetwork(address, chain.Family == IpFamily.IPv4 ? 32 : 128)
            : SourceNetworks.Any(chain.Family);
        return chain.Hook == Hook.Output
            ? SmmAgent.Core.Firewall.Evaluation.Packet.Outbound(connection.Transport, peer, connection.Port)
            : SmmAgent.Core.Firewall.Evaluation.Packet.Reply(connection.Transport, peer, connection.Port);
    }

    private static string Problem(Chain chain, List<OwnConnection> dropped, bool areAll, ObservedFirewall observed)
    {
        var ports = dropped.Select(connection => $"{connection.Port}/{Name(connection.Transport)}").Distinct();
        if (chain.Hook == Hook.Output)
            return $"{chain.Where} drops the VM's own connections to {string.Join(", ", ports)}";

        var which = areAll ? "" : $" to {string.Join(", ", ports)}";
        var cause = IsEmptiedByFirewalld(chain, observed) ? EmptiedByFirewalld : "";
        return $"{chain.Where} drops replies to the VM's own connections{which}{cause}";
    }

    private static string Remedy(Chain chain, List<OwnConnection> dropped, ObservedFirewall observed)
    {
        if (chain.Nft is { Table.IsFirewalldsPanic: true })
            return "firewalld is in panic mode; sudo firewall-cmd --panic-off";
        if (chain is { Hook: Hook.Input, Nft: { } input })
            return $"sudo nft insert rule {input} ct state established,related accept";
        if (chain.Hook == Hook.Input)
        {
            return IsEmptiedByFirewalld(chain, observed)
                ? $"sudo {chain.Filter!.Command} -P INPUT ACCEPT"
                : $"sudo {chain.Filter!.Command} -I INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT";
        }

        return string.Join(" && ", dropped.GroupBy(connection => connection.Transport, connection => connection.Port)
            .Select(transport => Opening(chain, Name(transport.Key), transport.Distinct().Order().ToList(), observed)));
    }

    private static string Opening(Chain chain, string transport, List<int> ports, ObservedFirewall observed)
    {
        var list = string.Join(',', ports);
        if (chain.Nft is { } output)
        {
            var set = ports.Count == 1 ? list : $"'{{ {string.Join(", ", ports)} }}'";
            return $"sudo nft insert rule {output} {transport} dport {set} accept";
        }

        if (observed.HasUfw(chain.Filter!))
            return $"sudo ufw allow out proto {transport} to any port {list}";

        var match = ports.Count == 1 ? $"--dport {list}" : $"-m multiport --dports {list}";
        return $"sudo {chain.Filter!.Command} -I OUTPUT -p {transport} {match} -j ACCEPT";
    }

    // At its start firewalld removes every rule of iptables and keeps the policies. It filters inbound traffic in a table of its own.
    private static bool IsEmptiedByFirewalld(Chain chain, ObservedFirewall observed) =>
        chain is { Hook: Hook.Input, Table: { } table }
        && observed.Firewalld is not FirewalldObservation.NotRunning
        && observed.Nft?.Value?.InputChains.Any(one => one.Table.IsFirewallds) == true
        && table.Chain("INPUT") is { Policy: "DROP" } input && input.Rules.All(rule => rule.Target == AgentChain.Name);

    private const string EmptiedByFirewalld =
        ": firewalld removed the rule for them when it started, and kept the policy DROP; it filters in a table of its own";

    private static string Name(Transport transport) => transport == Transport.Tcp ? "tcp" : "udp";

    /// <summary>One base chain, for one family.</summary>
    private sealed record Chain(Hook Hook, IpFamily Family, string Where, Func<Packet, WalkResult?> Follow)
    {
        public Nft.NftChain? Nft { get; init; }

        public FilterTool? Filter { get; init; }

        public FilterTable? Table { get; init; }
    }
}
