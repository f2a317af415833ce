using System.Text;
using SmmAgent.Contract.Yaml;

namespace SmmAgent.Core.Settings;

/// <summary>Finds the line of each setting in agent.yaml.</summary>
public static class SettingsOrigins
{
    /// <returns>The line of each key that has a value, for example <c>dashboard.url</c>; empty for a text that is not YAML.</returns>
    public static IReadOnlyDictionary<string, int> Lines(ReadOnlySpan<byte> utf8)
    {
        var lines = new Dictionary<string, int>(StringComparer.Ordinal);
        var text = Encoding.UTF8.GetString(utf8[..Math.Min(utf8.Length, SettingsReader.MaximumBytes)]).TrimStart('\uFEFF');
        if (YamlReader.Parse(text, YamlLimits.Agent).Root is { } root)
            Collect(root, "", lines);
        return lines;
    }

    // A duplicate section is an error; the first one is used, as elsewhere.
    private static void Collect(YamlNode section, string prefix, Dictionary<string, int> lines)
    {
        foreach (var member in section.Members)
        {
            var path = prefix + member.Key;
            if (member.Value.Kind == YamlKind.Section && prefix.Length == 0)
                Collect(member.Value, path + ".", lines);
            else if (member.Value.Kind != YamlKind.Empty)
                lines.TryAdd(path, member.Line);
        }
    }
}
