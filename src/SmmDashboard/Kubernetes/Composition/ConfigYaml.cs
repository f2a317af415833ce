using System.Text.Json;
using System.Text.RegularExpressions;
using SmmAgent.Contract;
using SmmDashboard.Mesh;

namespace SmmDashboard.Kubernetes.Composition;

/// <summary>Reads YAML out of an object of the cluster, as Istio does (YAML 1.1), with limits on its size and depth.</summary>
/// <remarks>Numbers that different readers parse as different numbers are refused.</remarks>
internal static partial class ConfigYaml
{
    /// <summary>In characters. etcd stores no larger ConfigMap.</summary>
    public const int MaximumLength = 1024 * 1024;

    private const int MaximumNodes = 100_000;

    /// <summary>The document as JSON: an object, empty for an empty text; or null and the reason.</summary>
    public static (JsonElement? Value, string Fault) Object(string text, int maximumDepth = 32)
    {
        var (json, fault) = YamlJson.Convert(text, new(MaximumLength, maximumDepth, MaximumNodes), WritePlain);
        if (json is null)
            return (null, fault);

        using var document = JsonDocument.Parse(json);
        return document.RootElement.ValueKind switch
        {
            JsonValueKind.Object => (document.RootElement.Clone(), ""),
            JsonValueKind.Null => (JsonDocument.Parse("{}").RootElement, ""),
            JsonValueKind.Array => (null, "is a list, not an object"),
            _ => (null, "is a single value, not an object"),
        };
    }

    private static string? WritePlain(string scalar, Utf8JsonWriter writer)
    {
        switch (scalar)
        {
            case "" or "~" or "null" or "Null" or "NULL":
                writer.WriteNullValue();
                break;
            case "true" or "True" or "TRUE" or "yes" or "Yes" or "YES" or "on" or "On" or "ON":
                writer.WriteBooleanValue(true);
                break;
            case "false" or "False" or "FALSE" or "no" or "No" or "NO" or "off" or "Off" or "OFF":
                writer.WriteBooleanValue(false);
                break;
            case var text when JsonNumber().IsMatch(text.AsSpan()):
                writer.WriteRawValue(text);
                break;
            case var text when NumberLike().IsMatch(text.AsSpan()):
                return $"'{NameRules.Shown(text)}' can be read as several numbers; put it in quotes, or write it in decimal";
            case var text:
                writer.WriteStringValue(text);
                break;
        }

        return null;
    }

    [GeneratedRegex(@"^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?\z", RegexOptions.CultureInvariant)]
    private static partial Regex JsonNumber();

    [GeneratedRegex(
        @"^[-+]?(0[xXoObB][0-9a-fA-F_]+|[0-9][0-9_]*(\.[0-9_]*)?([eE][-+]?[0-9]+)?|\.[0-9][0-9_]*([eE][-+]?[0-9]+)?"
        + @"|\.(inf|Inf|INF|nan|NaN|NAN))\z",
        RegexOptions.CultureInvariant)]
    private static partial Regex NumberLike();
}
