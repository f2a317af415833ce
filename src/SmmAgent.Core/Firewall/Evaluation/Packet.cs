using System.Buffers.Binary;
using System.Net;
using SmmAgent.Contract;
using SmmAgent.Core.Firewall.Rules;

namespace SmmAgent.Core.Firewall.Evaluation;

/// <summary>The transport protocol of a connection.</summary>
public enum Transport
{
    Tcp,
    Udp,
}

/// <summary>The ports that a packet may have: a single port, or the range from which the kernel chooses.</summary>
public readonly record struct PortRange(int First, int Last)
{
    public static PortRange Any { get; } = new(0, ushort.MaxValue);

    /// <summary>The default range from which Linux chooses the port of a connection of this host.</summary>
    public static PortRange Ephemeral { get; } = new(32768, 60999);

    /// <summary>How a rule for the ports from <paramref name="first"/> to <paramref name="last"/> takes it.</summary>
    public Match Within(int first, int last) =>
        first <= First && Last <= last ? Match.Yes : last < First || Last < first ? Match.No : Match.Maybe;

    public static PortRange ForPort(int port) => new(port, port);
}

/// <summary>A packet as INPUT or OUTPUT sees it.</summary>
public sealed record Packet
{
    private Packet(IpFamily family, Hook hook, Transport transport) => (Family, Hook, Transport) = (family, hook, transport);

    public IpFamily Family { get; }

    public Hook Hook { get; }

    public Transport Transport { get; }

    /// <summary>The network of its source; null for an address of this host.</summary>
    public IPNetwork? Source { get; private init; }

    /// <summary>The network of its destination; null for an address of this host.</summary>
    public IPNetwork? Destination { get; private init; }

    public PortRange SourcePort { get; private init; }

    /// <summary>The destination port; the capture's own port once the connection was redirected.</summary>
    public PortRange Port { get; private init; }

    /// <summary>The destination port at the start of the connection.</summary>
    public int OriginalPort { get; private init; }

    public bool Captured { get; private init; }

    /// <summary>Whether it answers a packet of this host: its connection is ESTABLISHED, else it is NEW.</summary>
    public bool IsReply { get; private init; }

    /// <summary>The first packet of a TCP connection from the cluster.</summary>
    /// <param name="source">One of the cluster's sources, or anywhere.</param>
    /// <param name="port">The destination port; the capture's own port once the connection was redirected.</param>
    /// <param name="originalPort">The destination port that the cluster dialled.</param>
    public static Packet FromCluster(IpFamily family, IPNetwork source, int port, int originalPort) => new(
        family, Hook.Input, Transport.Tcp)
    {
        Source = source,
        SourcePort = PortRange.Any,
        Port = PortRange.ForPort(port),
        OriginalPort = originalPort,
        Captured = port != originalPort,
    };

    /// <summary>The first packet of a connection that this host makes to another one.</summary>
    public static Packet Outbound(Transport transport, IPNetwork peer, int port) => new(peer.Family(), Hook.Output, transport)
    {
        Destination = peer,
        SourcePort = PortRange.Ephemeral,
        Port = PortRange.ForPort(port),
        OriginalPort = port,
    };

    /// <summary>The first answer in such a connection.</summary>
    public static Packet Reply(Transport transport, IPNetwork peer, int port) => new(peer.Family(), Hook.Input, transport)
    {
        Source = peer,
        SourcePort = PortRange.ForPort(port),
        Port = PortRange.Ephemeral,
        OriginalPort = port,
        IsReply = true,
    };

    /// <summary>Whether a rule for a source matches, given as an address or a network; Maybe for other text.</summary>
    public Match From(string network) => Within(Source, network);

    /// <summary>Whether a rule for a destination matches, given as an address or a network; Maybe for other text.</summary>
    public Match To(string network) => Within(Destination, network);

    // A ban list has thousands of hosts, and each is compared with each packet: an IPv4 host allocates nothing.
    private Match Within(IPNetwork? own, string network)
    {
        if (Family == IpFamily.IPv4 && own is { } range && SourceNetworks.IPv4Host(network) is { } host)
        {
            Span<byte> first = stackalloc byte[4];
            range.BaseAddress.TryWriteBytes(first, out _);
            var isIn = range.PrefixLength == 0 || (host ^ BinaryPrimitives.ReadUInt32BigEndian(first)) >> (32 - range.PrefixLength) == 0;
            return !isIn ? Match.No : range.PrefixLength == 32 ? Match.Yes : Match.Maybe;
        }

        return Cidr.Parse(network) is { } known ? Within(own, known) : Match.Maybe;
    }

    /// <summary>Whether a rule for a source network matches.</summary>
    public Match From(IPNetwork network) => Within(Source, network);

    /// <summary>Whether a rule for a destination network matches.</summary>
    public Match To(IPNetwork network) => Within(Destination, network);

    private Match Within(IPNetwork? own, IPNetwork network) =>
        network.Family() != Family ? Match.No
        : own is not { } address ? Match.Maybe
        : network.Covers(address) ? Match.Yes
        : address.Covers(network) ? Match.Maybe
        : Match.No;
}

/// <summary>Whether a rule matches a packet. Maybe: it depends on what the agent does not know, such as the interface.</summary>
public enum Match
{
    No,
    Maybe,
    Yes,
}

public static class MatchResults
{
    public static Match From(bool matches) => matches ? Match.Yes : Match.No;

    public static Match Not(this Match match) => match switch
    {
        Match.Yes => Match.No,
        Match.No => Match.Yes,
        _ => Match.Maybe,
    };

    public static Match NotIf(this Match match, bool negated) => negated ? match.Not() : match;

    /// <summary>All of them; the least certain one decides.</summary>
    public static Match All(IEnumerable<Match> matches) => matches.DefaultIfEmpty(Match.Yes).Min();

    /// <summary>Any of them; the most certain one decides.</summary>
    public static Match Any(IEnumerable<Match> matches) => matches.DefaultIfEmpty(Match.No).Max();
}
