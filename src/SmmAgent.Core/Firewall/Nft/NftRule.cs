using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using SmmAgent.Contract;
using SmmAgent.Core.Firewall.Rules;

namespace SmmAgent.Core.Firewall.Nft;

/// <summary>Converts the rules that the agent writes between the notations of iptables and nft.</summary>
internal static class NftRule
{
    private const string Foreign = "--nft";

    /// <returns>The rule in the notation of nft; null when the agent does not write such a rule.</returns>
    public static string? Write(FilterRule rule)
    {
        var text = new StringBuilder();
        var comment = "";
        foreach (var option in rule.Options.OrderBy(option => Array.IndexOf(Order, option.Name)))
        {
            if (option.Negated)
                return null;
            switch (option.Name)
            {
                case "-p" when option.Value == "tcp":
                    break;
                case "-s" when Cidr.Parse(option.Value) is { } source:
                    text.Append(CultureInfo.InvariantCulture, $"{(source.Family() == IpFamily.IPv4 ? "ip" : "ip6")} saddr {source} ");
                    break;
                case "--dport" when ushort.TryParse(option.Value, out var port):
                    text.Append(CultureInfo.InvariantCulture, $"tcp dport {port} ");
                    break;
                case "--ctorigdstport" when ushort.TryParse(option.Value, out var port):
                    text.Append(CultureInfo.InvariantCulture, $"ct original proto-dst {port} ");
                    break;
                case "--comment" when !option.Value.Contains('"', StringComparison.Ordinal):
                    comment = $" comment \"{option.Value}\"";
                    break;
                default:
                    return null;
            }
        }

        return rule.Target switch
        {
            "ACCEPT" => $"{text}accept{comment}",
            AgentChain.Name when text.Length == 0 => $"jump {AgentChain.Name}{comment}",
            _ => null,
        };
    }

    /// <summary>Reads a rule of <c>nft -j</c>. Of a foreign rule only the handle is kept, and whether it drops.</summary>
    public static FilterRule Read(JsonElement rule)
    {
        var number = rule.Member("handle") is { ValueKind: JsonValueKind.Number } value ? value.GetRawText() : "";
        var handle = FilterRule.HandlePrefix + number;
        var comment = rule.Member("comment").Text();
        if (OwnRule(rule, comment) is { } own)
            return own;

        var statements = rule.Member("expr").Items().Select(statement => statement.Only()).ToList();
        var jump = statements
            .Select(statement => statement is { Name: "jump" or "goto", Value: var value } ? value.Member("target").Text() : null)
            .LastOrDefault(target => target is not null);
        // iptables-nft stores its comment where nft does not show it.
        var isPlain = statements.All(statement => statement is { Name: "jump" or "counter" } || IsComment(statement))
            && (comment is null || comment == OwnComment);
        if (jump == AgentChain.Name && isPlain)
            return new(handle, [new("--comment", OwnComment, false)], jump, Goto: false);

        var drops = statements.Any(statement => statement is { Name: "drop" or "reject" });
        return new(handle, [new(Foreign, handle, false)], jump ?? (drops ? "DROP" : null), Goto: false);
    }

    private static readonly string[] Order = ["-s", "-p", "--dport", "--ctorigdstport", "--comment"];

    private static string OwnComment { get; } = AgentChain.Jump.Comment!;

    private static bool IsComment((string Name, JsonElement Value)? statement) =>
        statement is { Name: "xt", Value: var module } && module.Member("name").Text() == "comment";

    private static FilterRule? OwnRule(JsonElement rule, string? comment)
    {
        IPNetwork? source = null;
        int? port = null, captured = null;
        var accepts = false;
        foreach (var statement in rule.Member("expr").Items())
        {
            if (statement.Only() is not var (name, value) || accepts)
                return null;
            switch (name)
            {
                case "counter":
                    break;
                case "accept":
                    accepts = true;
                    break;
                case "match" when value.Member("op").Text() is "==" && value.Member("right") is { } right:
                    switch (NftExpression.Subject(value.Member("left") ?? default))
                    {
                        case "ip saddr" or "ip6 saddr" when source is null && NftExpression.Network(right) is { } network:
                            source = network;
                            break;
                        case "tcp dport" when port is null && right.Integer() is { } number:
                            port = number;
                            break;
                        case "ct original proto-dst" when captured is null && right.Integer() is { } number:
                            captured = number;
                            break;
                        default:
                            return null;
                    }

                    break;
                default:
                    return null;
            }
        }

        return accepts && port is { } known && comment?.StartsWith(AgentChain.CommentPrefix, StringComparison.Ordinal) == true
            ? AgentChain.Accept(new(source, known, captured), comment)
            : null;
    }
}
