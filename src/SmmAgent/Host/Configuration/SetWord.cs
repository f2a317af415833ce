using SmmAgent.Contract;
using SmmAgent.Core.Yaml;

namespace SmmAgent.Host.Configuration;

/// <summary>The <c>set</c> commands whose value is one of a few words, such as <c>smm-agent set sidecar-mode</c>.</summary>
internal static class SetWord
{
    /// <param name="command">The name of the command.</param>
    public static int Run(SettingsWriter writer, string command, SettingChange change, IReadOnlyList<string> words) =>
        words.Contains(change.Value)
            ? writer.Set(command.Replace('-', ' '), change)
            : writer.Refuse($"'{NameRules.Shown(change.Value)}' is not one of {string.Join(", ", words)}", $"{command} {words[0]}");
}
