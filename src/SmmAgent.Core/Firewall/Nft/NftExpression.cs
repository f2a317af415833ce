using System.Net;
using System.Text.Json;
using SmmAgent.Contract;

namespace SmmAgent.Core.Firewall.Nft;

/// <summary>Reads the expressions in rules of nft: the subject of a match, and values.</summary>
internal static class NftExpression
{
    /// <summary>The named sets and maps of a rule whose elements may decide about a port.</summary>
    public static IEnumerable<string> DecidingSets(JsonElement rule)
    {
        var statements = rule.Member("expr").Items().Select(statement => statement.Only()).ToList();
        var drops = statements.Any(statement => statement is { Name: "drop" or "reject" });
        foreach (var statement in statements)
        {
            if (statement is { Name: "vmap", Value: var map } && map.Member("data") is { } data && SetName(data) is { } verdicts)
                yield return verdicts;
            if (statement is { Name: "match", Value: var match } && match.Member("left") is { } left
                && match.Member("right") is { } right && SetName(right) is { } name
                && Subject(left) is { } subject && !(drops && subject.EndsWith("addr", StringComparison.Ordinal)))
                yield return name;
        }
    }

    /// <summary>The subject of a match, for example <c>tcp dport</c>; null for an expression of another kind.</summary>
    public static string? Subject(JsonElement left)
    {
        if (left.Member("payload") is { } payload)
            return payload.Member("protocol").Text() is { } protocol ? $"{protocol} {payload.Member("field").Text()}" : null;
        if (left.Member("meta") is { } meta)
            return $"meta {meta.Member("key").Text()}";
        if (left.Member("ct") is not { } ct)
            return null;

        var direction = ct.Member("dir").Text() is { } dir ? dir + " " : "";
        return $"ct {direction}{ct.Member("key").Text()}";
    }

    /// <returns>The name of the set that a value refers to; null for another value.</returns>
    public static string? SetName(JsonElement value) => ((JsonElement?)value).Text() is ['@', .. var name] ? name : null;

    /// <summary>An address or a prefix; null for anything else.</summary>
    public static IPNetwork? Network(JsonElement value) => Cidr.Parse(
        value.Member("prefix") is { } prefix && prefix.Member("addr") is { } address && prefix.Member("len") is { } length
            ? $"{Text(address)}/{Text(length)}"
            : Text(value));

    /// <returns>A string or a number as text; empty for anything else.</returns>
    public static string Text(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString()!,
        JsonValueKind.Number => value.GetRawText(),
        _ => "",
    };
}
