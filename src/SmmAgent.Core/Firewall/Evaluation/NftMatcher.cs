using System.Net;
using System.Text.Json;
using SmmAgent.Core.Firewall.Nft;
using SmmAgent.Core.Firewall.Rules;

namespace SmmAgent.Core.Firewall.Evaluation;

/// <summary>Compares one packet with the match expressions of one table.</summary>
public sealed class NftMatcher(NftRuleset ruleset, NftTable table, Packet packet)
{
    /// <summary>A match statement: <c>{"op","left","right"}</c>.</summary>
    public Match Matches(JsonElement match)
    {
        if (match.Member("left") is not { } left || match.Member("right") is not { } right)
            return Match.Maybe;

        var op = match.Member("op") is { } name ? ((JsonElement?)name).Text() : "==";
        return op is "==" or "in" or "!=" ? Compare(left, right).NotIf(op == "!=") : Match.Maybe;
    }

    /// <summary>A verdict map: one effect for each element; an undecided effect where the elements are unknown.</summary>
    public IEnumerable<RuleEffect> Map(JsonElement map)
    {
        if (map.Member("key") is not { } key || map.Member("data") is not { } data || Elements(data) is not { } elements)
        {
            yield return new(Match.Maybe, RuleAction.Undecided);
            yield break;
        }

        foreach (var element in elements)
        {
            if (element.ValueKind == JsonValueKind.Array && element.GetArrayLength() == 2 && element[1].Only() is var (name, value)
                && NftEvaluator.Verdict(name, value) is { } verdict)
                yield return verdict with { Match = Compare(key, element[0]) };
        }
    }

    // A connection that this host makes, not one from the cluster.
    private bool IsOwn => packet.IsReply || packet.Hook == Hook.Output;

    private Match Compare(JsonElement left, JsonElement right)
    {
        Func<JsonElement, Match>? one = NftExpression.Subject(left) switch
        {
            "th dport" => value => Number(value, packet.Port),
            "th sport" => value => Number(value, packet.SourcePort),
            "tcp dport" => value => PortOf(Transport.Tcp, value, packet.Port),
            "tcp sport" => value => PortOf(Transport.Tcp, value, packet.SourcePort),
            "udp dport" => value => PortOf(Transport.Udp, value, packet.Port),
            "udp sport" => value => PortOf(Transport.Udp, value, packet.SourcePort),
            "ct original proto-dst" => value => Number(value, PortRange.ForPort(packet.OriginalPort)),
            "ct state" => value => MatchResults.From(NftExpression.Text(value) == (packet.IsReply ? "established" : "new")),
            "ct direction" => value => MatchResults.From(NftExpression.Text(value) == (packet.IsReply ? "reply" : "original")),
            "ct status" => value => NftExpression.Text(value) == "dnat" && !IsOwn ? MatchResults.From(packet.Captured) : Match.Maybe,
            "meta l4proto" or "ip protocol" or "ip6 nexthdr" => value => MatchResults.From(IsTransport(NftExpression.Text(value))),
            "meta nfproto" => value => MatchResults.From(NftExpression.Text(value) == (packet.Family == IpFamily.IPv4 ? "ipv4" : "ipv6")),
            "meta iifname" or "meta iif" or "meta oifname" or "meta oif" =>
                value => NftExpression.Text(value) == "lo" ? Match.No : Match.Maybe,
            "ip saddr" => value => Address(value, IpFamily.IPv4, packet.From),
            "ip6 saddr" => value => Address(value, IpFamily.IPv6, packet.From),
            "ip daddr" => value => Address(value, IpFamily.IPv4, packet.To),
            "ip6 daddr" => value => Address(value, IpFamily.IPv6, packet.To),
            { } other when other.StartsWith("icmp", StringComparison.Ordinal) => _ => Match.No,
            _ => null,
        };
        return one is null ? Match.Maybe : Any(right, one);
    }

    // A value, a list of flags, an anonymous set, or the name of a set: one matching element is enough.
    private Match Any(JsonElement right, Func<JsonElement, Match> one)
    {
        var isSet = right.ValueKind == JsonValueKind.Array || right.Member("set") is not null || right.Member("|") is not null
            || NftExpression.SetName(right) is not null;
        if (!isSet)
            return one(right);

        return Elements(right) is { } elements
            ? MatchResults.Any(elements.Select(element => One(Unwrapped(element), one)))
            : Match.Maybe;
    }

    // An element is a value: neither a set nor the name of a set.
    private static Match One(JsonElement value, Func<JsonElement, Match> one) =>
        value.ValueKind is JsonValueKind.String or JsonValueKind.Number
        || value.Member("range") is not null || value.Member("prefix") is not null
            ? one(value)
            : Match.Maybe;

    /// <returns>Null where they are unknown.</returns>
    private List<JsonElement>? Elements(JsonElement set)
    {
        if (NftExpression.SetName(set) is not { } name)
            return Members(set.Member("set") ?? set.Member("|") ?? set);

        return !ruleset.Sets.TryGetValue((table, name), out var named) ? null
            : named.Member("elem") is { } elements ? Members(elements)
            : ruleset.HasElements ? [] : null;
    }

    private static List<JsonElement>? Members(JsonElement list) =>
        list.ValueKind == JsonValueKind.Array ? list.EnumerateArray().ToList()
        : list.ValueKind is JsonValueKind.String or JsonValueKind.Number ? [list]
        : null;

    // An element with a timeout or a counter is {"elem":{"val":...}}.
    private static JsonElement Unwrapped(JsonElement element) => element.Member("elem").Member("val") ?? element;

    private Match PortOf(Transport transport, JsonElement value, PortRange own) =>
        packet.Transport == transport ? Number(value, own) : Match.No;

    private bool IsTransport(string name) => packet.Transport == Transport.Tcp ? name is "tcp" or "6" : name is "udp" or "17";

    private static Match Number(JsonElement value, PortRange own)
    {
        if (value.Member("range") is { } range)
        {
            return range.ValueKind == JsonValueKind.Array && range.GetArrayLength() == 2
                && range[0].Integer() is { } first && range[1].Integer() is { } last
                ? own.Within(first, last)
                : Match.Maybe;
        }

        return value.Integer() is { } one ? own.Within(one, one) : Match.Maybe;
    }

    private Match Address(JsonElement value, IpFamily family, Func<IPNetwork, Match> matches)
    {
        if (packet.Family != family)
            return Match.No;
        return NftExpression.Network(value) is { } network ? matches(network) : Match.Maybe;
    }
}
