using SmmAgent.Contract;
using SmmAgent.Core.Yaml;

namespace SmmAgent.Host.Configuration;

/// <summary>The <c>set</c> commands whose value is one of a few words, such as <c>smm-agent set sidecar-mode</c>.</summary>
internal static class SetWord
{
    // The Boolean words of YAML, as agent.yaml accepts them where on or off is meant.
    private static readonly Dictionary<string, string> Booleans = new()
    {
        ["true"] = "on", ["yes"] = "on", ["false"] = "off", ["no"] = "off",
    };

    /// <param name="command">The name of the command.</param>
    /// <param name="change">The value as the operator typed it.</param>
    public static int Run(SettingsWriter writer, string command, SettingChange change, IReadOnlyList<string> words)
    {
        var typed = change.Value.ToLowerInvariant();
        var word = words.Contains("on") ? Booleans.GetValueOrDefault(typed, typed) : typed;
        return words.Contains(word)
            ? writer.Set(command.Replace('-', ' '), change with { Value = word })
            : writer.Refuse(
                $"'{NameRules.Shown(change.Value)}' is not one of {string.Join(", ", words)}",
                $"{command} {Spelling.Nearest(typed, words) ?? words[0]}");
    }
}
