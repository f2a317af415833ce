using System.Text;
using SmmAgent.Contract.Yaml;

namespace SmmAgent.Core.Settings;

/// <summary>Where in agent.yaml each setting stands.</summary>
public static class SettingsOrigins
{
    /// <returns>The line of each key that has a value, for example <c>dashboard.url</c>; empty for a text that is no YAML.</returns>
    public static IReadOnlyDictionary<string, int> Lines(ReadOnlySpan<byte> utf8)
    {
        var lines = new Dictionary<string, int>(StringComparer.Ordinal);
        var text = Encoding.UTF8.GetString(utf8[..Math.Min(utf8.Length, SettingsReader.MaximumBytes)]).TrimStart('\uFEFF');
        if (YamlReader.Parse(text, YamlLimits.OfAgent).Root is { } root)
            Collect(root, "", lines);
        return lines;
    }

    // A section that is there twice is a fault; the first one counts here, too.
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
