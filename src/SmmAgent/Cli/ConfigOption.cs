using System.CommandLine;
using System.CommandLine.Parsing;
using SmmAgent.Core.Settings;
using SmmAgent.Linux.Files;

namespace SmmAgent.Cli;

/// <summary><c>--config FILE</c>: another agent.yaml, for the commands that change nothing.</summary>
internal static class ConfigOption
{
    private const string Name = "--config";

    private const string Refusal =
        "the daemon and its units read only /etc/smm/agent.yaml; --config is an option of 'check', 'config show' and 'reconcile --dry-run'";

    public static Option<string?> Create(string description = "use another agent.yaml")
    {
        var option = new Option<string?>(Name) { Description = description, HelpName = "FILE" };
        option.Validators.Add(result =>
        {
            if (result.Tokens is [var token, ..] && UserFile.Fault(token.Value) is { } fault)
                result.AddError($"--config: {fault}");
        });
        return option;
    }

    /// <summary>The option before the command, and where it is refused with the reason.</summary>
    public static Option<string?> Global()
    {
        var option = Create();
        option.Recursive = true;
        option.Hidden = true;
        return option;
    }

    public static void NeedsDryRun(Command command, Option<string?> config, Option<bool> dryRun) => command.Validators.Add(result =>
    {
        if (result.GetResult(config) is not null && !result.GetValue(dryRun))
            result.AddError($"--config needs --dry-run: {Refusal}");
    });

    /// <returns>The reason to refuse the option; null if it is not given, or the command has it.</returns>
    public static string? Refused(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        if (parsed.Tokens.TakeWhile(token => token.Type != TokenType.DoubleDash)
                .All(token => token is not { Type: TokenType.Option, Value: Name }))
            return null;

        // Before the command it would pass the validator of `reconcile`.
        var isAllowed = command.Options.Any(option => option.Name == Name)
            && (command is not { Name: "reconcile" } || parsed.Tokens.Any(token => token.Value == "--dry-run"));
        return isAllowed ? null : $"'{UsageErrors.Path(command)}' does not accept --config: {Refusal}";
    }

    public static AgentPaths Apply(AgentPaths paths, ParseResult parsed, Option<string?> global)
    {
        var own = parsed.CommandResult.Command.Options.OfType<Option<string?>>().FirstOrDefault(option => option.Name == Name);
        return ((own is null ? null : parsed.GetValue(own)) ?? parsed.GetValue(global)) is { } file
            ? paths with { OtherSettings = Path.GetFullPath(file) }
            : paths;
    }
}
