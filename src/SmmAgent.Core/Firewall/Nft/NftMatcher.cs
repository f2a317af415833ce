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

    private Match Compare(JsonElement left, JsonElement right)
    {
        Func<JsonElement, Match>? one = Subject(left) switch
        {
            "tcp dport" or "th dport" => value => Number(value, packet.Port),
            "udp dport" or "udp sport" => _ => Match.No,
            "ct original proto-dst" => value => Number(value, packet.OriginalPort),
            "ct state" => value => Verdicts.Matches.Of(Text(value) == "new"),
            "ct status" => value => Text(value) == "dnat" ? Verdicts.Matches.Of(packet.Captured) : Match.Maybe,
            "meta l4proto" or "ip protocol" or "ip6 nexthdr" => value => Verdicts.Matches.Of(Text(value) is "tcp" or "6"),
            "meta nfproto" => value => Verdicts.Matches.Of(Text(value) == (packet.Family == IpFamily.IPv4 ? "ipv4" : "ipv6")),
            "meta iifname" or "meta iif" => value => Text(value) == "lo" ? Match.No : Match.Maybe,
            "ip saddr" => value => Source(value, IpFamily.IPv4),
            "ip6 saddr" => value => Source(value, IpFamily.IPv6),
            "ip daddr" => _ => packet.Family == IpFamily.IPv4 ? Match.Maybe : Match.No,
            "ip6 daddr" => _ => packet.Family == IpFamily.IPv6 ? Match.Maybe : Match.No,
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
            || (right.ValueKind == JsonValueKind.Object && right.TryGetProperty("set", out _))
            || (right.ValueKind == JsonValueKind.String && right.GetString()!.StartsWith('@'));
        if (!isSet)
            return one(right);

        return Verdicts.Matches.Any(Elements(right).Select(element => Any(Unwrapped(element), one)));
    }

    private IEnumerable<JsonElement> Elements(JsonElement set)
    {
        if (set.ValueKind == JsonValueKind.Array)
            return set.EnumerateArray();
        if (set.ValueKind == JsonValueKind.Object && set.TryGetProperty("set", out var inner))
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

    private static Match Number(JsonElement value, int number)
    {
        if (value.ValueKind == JsonValueKind.Object && value.TryGetProperty("range", out var range))
            return Verdicts.Matches.Of(Integer(range[0]) <= number && number <= Integer(range[1]));
        return value.ValueKind == JsonValueKind.Number
            ? Verdicts.Matches.Of(Integer(value) == number)
            : Match.Maybe;
    }

    private static int? Integer(JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) ? number : null;

    private Match Source(JsonElement value, IpFamily family)
    {
        if (packet.Family != family)
            return Match.No;
        var text = value.ValueKind == JsonValueKind.Object && value.TryGetProperty("prefix", out var prefix)
            ? $"{Text(prefix.GetProperty("addr"))}/{Text(prefix.GetProperty("len"))}"
            : Text(value);
        return SourceNetworks.Parse(text) is { } network ? packet.From(network) : Match.Maybe;
    }

    private static string Text(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString()!,
        JsonValueKind.Number => value.GetRawText(),
        _ => "",
    };
}
