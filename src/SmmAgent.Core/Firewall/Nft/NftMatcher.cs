using System.Net;
using System.Text.Json;
using SmmAgent.Core.Firewall.Verdicts;

namespace SmmAgent.Core.Firewall.Nft;

/// <summary>Compares one packet with the match expressions of one table.</summary>
public sealed class NftMatcher(NftRuleset ruleset, NftTable table, Packet packet)
{
    /// <summary>A match statement: <c>{"op","left","right"}</c>.</summary>
    public Match Matches(JsonElement match)
    {
        if (!match.TryGetProperty("left", out var left) || !match.TryGetProperty("right", out var right))
            return Match.Maybe;

        var op = match.TryGetProperty("op", out var name) ? name.GetString() : "==";
        return op is "==" or "in" or "!=" ? Compare(left, right).NotIf(op == "!=") : Match.Maybe;
    }

    /// <summary>A verdict map: one effect for each element.</summary>
    public IEnumerable<RuleEffect> Map(JsonElement map)
    {
        var key = map.GetProperty("key");
        foreach (var element in Elements(map.GetProperty("data")))
        {
            if (element.ValueKind != JsonValueKind.Array || element.GetArrayLength() != 2 || element[1].ValueKind != JsonValueKind.Object)
                continue;

            var verdict = element[1].EnumerateObject().Select(member => NftVerdict.Verdict(member.Name, member.Value)).FirstOrDefault();
            if (verdict is { } known)
                yield return known with { Match = Compare(key, element[0]) };
        }
    }

    // A connection that this host makes, not one from the cluster.
    private bool IsOwn => packet.IsReply || packet.Hook == Hook.Output;

    private Match Compare(JsonElement left, JsonElement right)
    {
        Func<JsonElement, Match>? one = Subject(left) switch
        {
            "th dport" => value => Number(value, packet.Port),
            "th sport" => value => Number(value, packet.SourcePort),
            "tcp dport" => value => Of(Transport.Tcp, value, packet.Port),
            "tcp sport" => value => Of(Transport.Tcp, value, packet.SourcePort),
            "udp dport" => value => Of(Transport.Udp, value, packet.Port),
            "udp sport" => value => Of(Transport.Udp, value, packet.SourcePort),
            "ct original proto-dst" => value => Number(value, PortRange.Of(packet.OriginalPort)),
            "ct state" => value => Verdicts.Matches.Of(Text(value) == (packet.IsReply ? "established" : "new")),
            "ct direction" => value => Verdicts.Matches.Of(Text(value) == (packet.IsReply ? "reply" : "original")),
            "ct status" => value => Text(value) == "dnat" && !IsOwn ? Verdicts.Matches.Of(packet.Captured) : Match.Maybe,
            "meta l4proto" or "ip protocol" or "ip6 nexthdr" => value => Verdicts.Matches.Of(IsTransport(Text(value))),
            "meta nfproto" => value => Verdicts.Matches.Of(Text(value) == (packet.Family == IpFamily.IPv4 ? "ipv4" : "ipv6")),
            "meta iifname" or "meta iif" or "meta oifname" or "meta oif" => value => Text(value) == "lo" ? Match.No : Match.Maybe,
            "ip saddr" => value => Address(value, IpFamily.IPv4, packet.From),
            "ip6 saddr" => value => Address(value, IpFamily.IPv6, packet.From),
            "ip daddr" => value => Address(value, IpFamily.IPv4, packet.To),
            "ip6 daddr" => value => Address(value, IpFamily.IPv6, packet.To),
            { } other when other.StartsWith("icmp", StringComparison.Ordinal) => _ => Match.No,
            _ => null,
        };
        return one is null ? Match.Maybe : Any(right, one);
    }

    private static string? Subject(JsonElement left)
    {
        if (left.ValueKind != JsonValueKind.Object)
            return null;
        if (left.TryGetProperty("payload", out var payload) && payload.TryGetProperty("protocol", out var protocol))
            return $"{protocol.GetString()} {payload.GetProperty("field").GetString()}";
        if (left.TryGetProperty("meta", out var meta))
            return $"meta {meta.GetProperty("key").GetString()}";
        if (!left.TryGetProperty("ct", out var ct))
            return null;

        var direction = ct.TryGetProperty("dir", out var dir) ? dir.GetString() + " " : "";
        return $"ct {direction}{ct.GetProperty("key").GetString()}";
    }

    // A value, a list of flags, an anonymous set, or the name of a set: any element will do.
    private Match Any(JsonElement right, Func<JsonElement, Match> one)
    {
        var isSet = right.ValueKind == JsonValueKind.Array
            || (right.ValueKind == JsonValueKind.Object && (right.TryGetProperty("set", out _) || right.TryGetProperty("|", out _)))
            || (right.ValueKind == JsonValueKind.String && right.GetString()!.StartsWith('@'));
        if (!isSet)
            return one(right);

        return Verdicts.Matches.Any(Elements(right).Select(element => Any(Unwrapped(element), one)));
    }

    private IEnumerable<JsonElement> Elements(JsonElement set)
    {
        if (set.ValueKind == JsonValueKind.Array)
            return set.EnumerateArray();
        if (set.ValueKind == JsonValueKind.Object && (set.TryGetProperty("set", out var inner) || set.TryGetProperty("|", out inner)))
            return Elements(inner);
        if (set.ValueKind == JsonValueKind.String && set.GetString() is ['@', .. var name]
            && ruleset.Sets.TryGetValue((table, name), out var named) && named.TryGetProperty("elem", out var elements))
            return Elements(elements);
        return [];
    }

    // An element with a timeout or a counter is {"elem":{"val":...}}.
    private static JsonElement Unwrapped(JsonElement element) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty("elem", out var elem) && elem.TryGetProperty("val", out var value)
            ? value
            : element;

    private Match Of(Transport transport, JsonElement value, PortRange own) => packet.Transport == transport ? Number(value, own) : Match.No;

    private bool IsTransport(string name) => packet.Transport == Transport.Tcp ? name is "tcp" or "6" : name is "udp" or "17";

    private static Match Number(JsonElement value, PortRange own)
    {
        if (value.ValueKind == JsonValueKind.Object && value.TryGetProperty("range", out var range))
            return Integer(range[0]) is { } first && Integer(range[1]) is { } last ? own.Within(first, last) : Match.No;
        return value.ValueKind == JsonValueKind.Number
            ? Integer(value) is { } one ? own.Within(one, one) : Match.No
            : Match.Maybe;
    }

    private static int? Integer(JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) ? number : null;

    private Match Address(JsonElement value, IpFamily family, Func<IPNetwork, Match> lies)
    {
        if (packet.Family != family)
            return Match.No;
        var text = value.ValueKind == JsonValueKind.Object && value.TryGetProperty("prefix", out var prefix)
            ? $"{Text(prefix.GetProperty("addr"))}/{Text(prefix.GetProperty("len"))}"
            : Text(value);
        return SourceNetworks.Parse(text) is { } network ? lies(network) : Match.Maybe;
    }

    private static string Text(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString()!,
        JsonValueKind.Number => value.GetRawText(),
        _ => "",
    };
}
