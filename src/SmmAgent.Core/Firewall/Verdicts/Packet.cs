using System.Net;

namespace SmmAgent.Core.Firewall.Verdicts;

/// <summary>The first packet of a connection from the cluster, as INPUT sees it.</summary>
/// <param name="Source">Where it may come from: one of the cluster's sources, or anywhere.</param>
/// <param name="Port">The destination port; the capture's own port once the connection was redirected.</param>
/// <param name="OriginalPort">The destination port that the cluster dialled.</param>
public sealed record Packet(IpFamily Family, IPNetwork Source, int Port, int OriginalPort)
{
    public bool Captured => Port != OriginalPort;

    /// <summary>How a rule for some source network takes it.</summary>
    public Match From(IPNetwork network) =>
        network.Family() != Family ? Match.No : network.Covers(Source) ? Match.Yes : Source.Covers(network) ? Match.Maybe : Match.No;
}

/// <summary>Whether a rule takes a packet. Maybe: it depends on what is not known here, such as the interface.</summary>
public enum Match
{
    No,
    Maybe,
    Yes,
}

public static class Matches
{
    public static Match Of(bool matches) => matches ? Match.Yes : Match.No;

    public static Match Not(this Match match) => match switch
    {
        Match.Yes => Match.No,
        Match.No => Match.Yes,
        _ => Match.Maybe,
    };

    public static Match NotIf(this Match match, bool negated) => negated ? match.Not() : match;

    /// <summary>All of them; the least sure one decides.</summary>
    public static Match All(IEnumerable<Match> matches) => matches.DefaultIfEmpty(Match.Yes).Min();

    /// <summary>Any of them; the surest one decides.</summary>
    public static Match Any(IEnumerable<Match> matches) => matches.DefaultIfEmpty(Match.No).Max();
}
