using System.CommandLine;
using SmmAgent.Contract;
using SmmAgent.Core.Settings;
using SmmAgent.Host;
using SmmAgent.Host.Configuration;

namespace SmmAgent.Cli;

/// <summary><c>smm-agent unset</c>: removes one setting, so that its default is in effect. Comments and other settings stay.</summary>
internal static class UnsetCommand
{
    private static readonly string[] Keys = SettingsTable.Values(new AgentSettings()).Select(setting => setting.Key).ToArray();

    // What `set` writes has the same name here.
    private static readonly Dictionary<string, string[]> Names = new(StringComparer.Ordinal)
    {
        ["dashboard-url"] = ["dashboard.url"],
        ["workload-group"] = ["workloadGroup.namespace", "workloadGroup.name"],
        ["node-ip"] = ["node.ip"],
        ["trusted-key"] = ["packages.trustedKeys"],
        ["proxy"] = ["dashboard.proxy"],
        ["sidecar-mode"] = ["sidecar.mode"],
        ["firewall-mode"] = ["firewall.mode"],
        ["self-upgrade"] = ["selfUpgrade"],
    };

    public static Command Create(Func<ParseResult, AgentPaths> paths)
    {
        var key = new Argument<string>("KEY")
        {
            Description = "a key of agent.yaml, such as node.ip, or a name of 'set'", HelpName = "KEY",
        };
        key.CompletionSources.Add(Keys);
        key.Validators.Add(result =>
        {
            if (result.Tokens is [var token, ..] && Find(token.Value) is null)
                result.AddError(Unknown(token.Value));
        });
        var command = new Command("unset", "Remove one setting; its default applies.") { key };
        command.SetAction(parsed =>
        {
            var progress = Progress.OnConsole();
            var path = paths(parsed);
            var writer = new SettingsWriter(path.Settings, progress, TimeProvider.System, Environment.IsPrivilegedProcess);
            var code = writer.Unset(Find(parsed.GetRequiredValue(key))!);
            if (code == ExitCode.Done)
                NextStep.Print(progress, path, TimeProvider.System.GetUtcNow());
            return code;
        });
        return command;
    }

    private static string[]? Find(string word) => Keys.Contains(word, StringComparer.Ordinal) ? [word] : Names.GetValueOrDefault(word);

    private static string Unknown(string word) =>
        word is "bearer-token" or "token" ? "the bearer token is not a setting; to remove it: sudo rm /etc/smm/bearer-token"
        : $"there is no setting '{NameRules.Shown(word)}'"
            + ((Array.Find(Keys, key => key.EndsWith("." + word, StringComparison.OrdinalIgnoreCase))
                ?? Spelling.Nearest(word, Keys.Concat(Names.Keys))) is { } meant
                ? $"; did you mean '{meant}'?" : "; to list them: smm-agent config show");
}
