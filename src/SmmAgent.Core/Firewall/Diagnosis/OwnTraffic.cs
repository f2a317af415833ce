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

    /// <summary>A query to a name server. One of this VM's own asks another server in turn, which is not known here.</summary>
    public static OwnConnection Dns(IPAddress server) => new(Transport.Udp, IPAddress.IsLoopback(server) ? null : server, DnsPort);
}

/// <summary>A base chain of this host that drops a connection of its own, or the replies to it, for sure.</summary>
/// <param name="Reason">The reason for a condition: <see cref="OwnTraffic.RepliesDropped"/> or <see cref="OwnTraffic.OutputDropped"/>.</param>
/// <param name="Problem">What is wrong, in one sentence.</param>
/// <param name="Remediation">The exact command.</param>
public sealed record OwnTrafficBlocker(string Reason, IpFamily Family, OwnConnection Connection, string Problem, string Remediation)
{
    public string Message => $"{Problem}; {Remediation}";

    /// <summary>Whether it explains that a connection to an address did not come about.</summary>
    public bool Concerns(IPAddress peer, int port) =>
        Connection.Transport == Transport.Tcp && Connection.Port == port && OwnTraffic.FamilyOf(peer) == Family
        && (Connection.Peer is null || Connection.Peer.Equals(peer));

    /// <summary>Whether it explains that no name server answered.</summary>
    public bool ConcernsNames => Connection is { Transport: Transport.Udp, Port: OwnConnection.DnsPort };
}

/// <summary>What this host's firewall does with the VM's own connections.</summary>
/// <param name="Blockers">What is dropped for sure; one for each connection and chain.</param>
/// <param name="UnclearReason">Why more may be dropped; null when all could be judged.</param>
public sealed record OwnTrafficEvaluation(IReadOnlyList<OwnTrafficBlocker> Blockers, string? UnclearReason);

/// <summary>Follows the first packet of each connection through OUTPUT, and the first reply through INPUT.</summary>
public static class OwnTraffic
{
    public const string RepliesDropped = nameof(RepliesDropped);
    public const string OutputDropped = nameof(OutputDropped);

    public static OwnTrafficEvaluation Evaluate(IReadOnlyList<OwnConnection> connections, ObservedFirewall observed)
    {
        var obstacles = new List<OwnTrafficBlocker>();
        var unclear = WhyUnseen(observed);
        foreach (var chain in Chains(observed))
        {
            var judged = connections.Where(connection => IsSeen(connection, chain.Family, observed))
                .Select(connection => (Connection: connection, Result: chain.Follow(Packet(connection, chain))))
                .Where(one => one.Result is not null).ToList();
            var dropped = judged.Where(one => one.Result is { Verdict: Verdict.Drop }).Select(one => one.Connection).ToList();
            if (judged.Any(one => one.Result is { Verdict: Verdict.Unclear }))
                unclear ??= $"{chain.Where} has rules that cannot be judged here";
            if (dropped.Count == 0)
                continue;

            var reason = chain.Hook == Hook.Input ? RepliesDropped : OutputDropped;
            var problem = Problem(chain, dropped, dropped.Count == judged.Count, observed);
            var cure = Remedy(chain, dropped, observed);
            obstacles.AddRange(dropped.Select(connection => new OwnTrafficBlocker(reason, chain.Family, connection, problem, cure)));
        }

        return new(obstacles, unclear);
    }

    internal static IpFamily FamilyOf(IPAddress address) => address.AddressFamily == AddressFamily.InterNetwork ? IpFamily.IPv4 : IpFamily.IPv6;

    private static string? WhyUnseen(ObservedFirewall observed) =>
        observed.Filters.FirstOrDefault(filter => filter.State.UnknownReason is not null) is { } filter
            ? $"{filter.Tool} cannot be seen: {filter.State.UnknownReason}"
            : observed.Nft?.UnknownReason is { } why ? $"tables of nftables cannot be seen: {why}" : null;

    private static IEnumerable<Chain> Chains(ObservedFirewall observed)
    {
        foreach (var hook in new[] { Hook.Output, Hook.Input })
        {
            foreach (var filter in observed.Filters.Concat(observed.OtherBackend))
            {
                if (filter.State.Value is { Presence: FilterPresence.Present, Native: null, Table: var table })
                    yield return new(hook, filter.Tool.Family, hook.ChainOfIptables(), packet => IptablesEvaluator.Evaluate(table, packet)) { Filter = filter.Tool, Table = table };
            }

            if (observed.Nft?.Value is not { } ruleset)
                continue;

            foreach (var chain in ruleset.ChainsAt(hook).Where(chain => !ChainBlockers.IsFirewallds(chain, observed)))
            {
                foreach (var family in new[] { IpFamily.IPv4, IpFamily.IPv6 })
                    yield return new(hook, family, $"chain {chain}", packet => NftEvaluator.Evaluate(ruleset, chain, packet)) { Nft = chain };
            }
        }
    }

    // Where the peer's family is not known, a name server is asked by IPv4.
    private static bool IsSeen(OwnConnection connection, IpFamily family, ObservedFirewall observed) =>
        connection.Peer is { } peer ? FamilyOf(peer) == family && !IPAddress.IsLoopback(peer)
        : connection.Transport == Transport.Udp ? family == IpFamily.IPv4
        : observed.Filters.Any(filter => filter.Tool.Family == family && filter.State.Value?.Presence != FilterPresence.FamilyOff);

    private static Packet Packet(OwnConnection connection, Chain chain)
    {
        var peer = connection.Peer is { } address ? new IPNetwork(address, chain.Family == IpFamily.IPv4 ? 32 : 128) : SourceNetworks.Any(chain.Family);
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
        return $"{chain.Where} drops replies to the VM's own connections{which}{(IsEmptiedByFirewalld(chain, observed) ? EmptiedByFirewalld : "")}";
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
            .Select(transport => Opening(chain, Name(transport.Key), [.. transport.Distinct().Order()], observed)));
    }

    private static string Opening(Chain chain, string transport, List<int> ports, ObservedFirewall observed)
    {
        var list = string.Join(',', ports);
        if (chain.Nft is { } output)
            return $"sudo nft insert rule {output} {transport} dport {(ports.Count == 1 ? list : $"'{{ {string.Join(", ", ports)} }}'")} accept";
        if (observed.HasUfw(chain.Filter!))
            return $"sudo ufw allow out proto {transport} to any port {list}";

        return $"sudo {chain.Filter!.Command} -I OUTPUT -p {transport} {(ports.Count == 1 ? $"--dport {list}" : $"-m multiport --dports {list}")} -j ACCEPT";
    }

    // At its start firewalld removes every rule of iptables and keeps the policies; what comes in it filters in a table of its own.
    private static bool IsEmptiedByFirewalld(Chain chain, ObservedFirewall observed) =>
        chain is { Hook: Hook.Input, Table: { } table }
        && observed.Firewalld is not FirewalldObservation.NotRunning
        && observed.Nft?.Value?.InputChains.Any(one => one.Table.IsFirewallds) == true
        && table.Chain("INPUT") is { Policy: "DROP" } input && input.Rules.All(rule => rule.Target == AgentChain.Name);

    private const string EmptiedByFirewalld = ": firewalld removed the rule for them when it started, and kept the policy DROP; it filters in a table of its own";

    private static string Name(Transport transport) => transport == Transport.Tcp ? "tcp" : "udp";

    /// <summary>One base chain, for one family.</summary>
    private sealed record Chain(Hook Hook, IpFamily Family, string Where, Func<Packet, WalkResult?> Follow)
    {
        public Nft.NftChain? Nft { get; init; }

        public FilterTool? Filter { get; init; }

        public FilterTable? Table { get; init; }
    }
}
