using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using SmmAgent.Contract.Yaml;

namespace SmmAgent.Core.Sidecar.Configuration;

/// <summary>Reads the YAML or JSON text of the annotation <c>proxy.istio.io/config</c>.</summary>
internal static partial class ProxyConfigAnnotation
{
    /// <summary>Kubernetes allows no more for all annotations of an object.</summary>
    private const int MaximumLength = 256 * 1024;

    /// <returns>The object, or null and the reason in one line.</returns>
    public static (JsonObject? Value, string? Fault) Parse(string text)
    {
        if (text.Length > MaximumLength)
            return (null, $"is longer than {MaximumLength} characters");

        var (root, fault) = YamlReader.Parse(text, YamlLimits.Agent);
        if (root is null)
            return (null, fault!.Reason);
        if (root.Kind == YamlKind.Empty)
            return ([], null);
        if (root.Kind != YamlKind.Section)
            return (null,
                $"is {(root.Kind == YamlKind.List ? "a list" : "a single value")}, not an object with the members of a ProxyConfig");

        try
        {
            return (Section(root, isTop: true), null);
        }
        catch (FormatException exception)
        {
            return (null, exception.Message);
        }
    }

    /// <summary>Copies a node, so that it can have another parent.</summary>
    public static JsonNode? Node(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => JsonObject.Create(element),
        JsonValueKind.Array => JsonArray.Create(element),
        JsonValueKind.Null => null,
        _ => JsonValue.Create(element),
    };

    private static JsonObject Section(YamlNode section, bool isTop)
    {
        var members = new JsonObject();
        foreach (var member in section.Members)
        {
            var key = isTop ? CamelCase(member.Key) : member.Key;
            if (!members.TryAdd(key, Value(member.Value)))
                throw new FormatException($"line {member.Line}: '{Contract.NameRules.Shown(member.Key)}' is there twice");
        }

        return members;
    }

    private static JsonNode? Value(YamlNode node) => node.Kind switch
    {
        YamlKind.Section => Section(node, isTop: false),
        YamlKind.List => new JsonArray([.. node.Items.Select(Value)]),
        YamlKind.Text => node.Quoted ? node.Text : Plain(node),
        _ => null,
    };

    // Istio reads YAML 1.1. A number in a notation that JSON does not have is refused instead of guessed.
    private static JsonNode? Plain(YamlNode node) => node.Text switch
    {
        "true" or "True" or "TRUE" or "yes" or "Yes" or "YES" or "on" or "On" or "ON" => true,
        "false" or "False" or "FALSE" or "no" or "No" or "NO" or "off" or "Off" or "OFF" => false,
        "Null" or "NULL" => null,
        var text when JsonNumber().IsMatch(text.AsSpan()) => JsonNode.Parse(text),
        var text when YamlScalar.IsNumberLike(text) =>
            throw new FormatException(
                $"line {node.Line}: '{Contract.NameRules.Shown(text)}' can be read as several numbers; put it in quotes, or "
                    + "write it in decimal"),
        var text => text,
    };

    // Protobuf's JSON knows a member by two names: proxyMetadata and proxy_metadata.
    private static string CamelCase(string name) => Underscored().Replace(name, match => match.Groups[1].Value.ToUpperInvariant());

    [GeneratedRegex(@"^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?\z", RegexOptions.CultureInvariant)]
    private static partial Regex JsonNumber();

    [GeneratedRegex("_([a-z])", RegexOptions.CultureInvariant)]
    private static partial Regex Underscored();
}
