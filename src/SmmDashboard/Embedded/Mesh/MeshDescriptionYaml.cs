using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using SmmAgent.Contract.Yaml;
using SmmDashboard.Mesh;

namespace SmmDashboard.Embedded.Mesh;

/// <summary>Converts the mesh description to JSON. Plain scalars follow the core schema of YAML 1.2.</summary>
public static partial class MeshDescriptionYaml
{
    internal static readonly YamlLimits Limits = new(MeshFile.MaximumBytes, Depth: 48, Nodes: 500_000);

    /// <returns>The JSON text; or null and the reason.</returns>
    public static (byte[]? Json, string Fault) ToJson(string yaml) => YamlJson.Convert(yaml, Limits, WritePlain);

    private static string? WritePlain(string text, Utf8JsonWriter writer)
    {
        if (text is "" or "~" or "null" or "Null" or "NULL")
            writer.WriteNullValue();
        else if (text is "true" or "True" or "TRUE")
            writer.WriteBooleanValue(true);
        else if (text is "false" or "False" or "FALSE")
            writer.WriteBooleanValue(false);
        else if (Integer().IsMatch(text.AsSpan())
            && long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var integer))
            writer.WriteNumberValue(integer);
        else if (Number().IsMatch(text.AsSpan())
            && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number))
            writer.WriteNumberValue(number);
        else
            writer.WriteStringValue(text);
        return null;
    }

    [GeneratedRegex(@"^[-+]?[0-9]+\z", RegexOptions.CultureInvariant)]
    private static partial Regex Integer();

    [GeneratedRegex(@"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Number();
}
