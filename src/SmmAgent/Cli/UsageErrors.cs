using System.CommandLine;
using System.CommandLine.Parsing;
using SmmAgent.Contract;

namespace SmmAgent.Cli;

/// <summary>Formats the error of a command line in one line: the word, the reason and a suggestion.</summary>
internal static class UsageErrors
{
    private const string Attach = "sudo smm-agent reconcile";
    private const string Leave = "sudo smm-agent detach --dry-run, then: sudo smm-agent detach";

    // Words of other programs. The command is printed, and never executed.
    private static readonly Dictionary<string, string> Intentions = new(StringComparer.Ordinal)
    {
        ["attach"] = Attach,
        ["up"] = Attach,
        ["start"] = Attach,
        ["apply"] = Attach,
        ["install"] = Attach,
        ["down"] = Leave,
        ["leave"] = Leave,
        ["uninstall"] = Leave,
        ["remove"] = Leave,
        ["restart"] = "sudo systemctl restart smm-agent",
        ["stop"] = "sudo systemctl stop smm-agent",
        ["doctor"] = "sudo smm-agent check",
        ["diagnose"] = "sudo smm-agent check",
        ["verify"] = "sudo smm-agent check",
        ["list"] = "smm-agent status --verbose",
        ["info"] = "smm-agent status",
        ["logs"] = "journalctl -u smm-agent -f",
        ["log"] = "journalctl -u smm-agent -f",
        ["get"] = "smm-agent config show",
    };

    // Options of other programs.
    private static readonly Dictionary<string, string> OptionIntentions = new(StringComparer.Ordinal)
    {
        ["--json"] = "--output json", ["--yaml"] = "--output yaml", ["-V"] = "--version",
    };

    // A typo must not lead to a command that is hard to undo.
    private static readonly string[] Destructive = ["detach", "prepare-image"];

    /// <returns>Null for a valid command line; an empty text if only a command is missing, because the help then suffices.</returns>
    public static string? Format(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        if (parsed.UnmatchedTokens is [var first, ..])
            return Unmatched(command, first);
        if (Misread(parsed, command) is { } option)
            return UnknownOption(command, option);
        if (parsed.Errors.Count == 0)
            return ConfigOption.Refused(parsed);
        if (command.Subcommands.Count > 0)
            return "";

        return command.Arguments.Any(
            argument => parsed.GetResult(argument)?.Tokens.Count is null or 0 && argument.Arity.MinimumNumberOfValues > 0)
            ? $"'{Path(command)}' needs {Usage(command)}"
            : Missing(parsed, command) is { Count: > 0 } missing ? $"'{Path(command)}' needs {string.Join(" and ", missing)}"
            : Text(parsed.Errors[0]);
    }

    // An option that is there without its value is another error.
    private static List<string> Missing(ParseResult parsed, Command command) =>
        command.Options.Where(option => option.Required && parsed.GetResult(option) is null or { Implicit: true })
            .Select(option => $"{option.Name} {option.HelpName}").ToList();

    // The message of the library contains a type of .NET.
    private static string Text(ParseError error) => error.SymbolResult switch
    {
        OptionResult { Option: { } option, Tokens.Count: 0 } => $"'{option.Name}' needs {option.HelpName}",
        _ => error.Message,
    };

    /// <summary>The command as typed after the name of the program.</summary>
    public static string Path(Command command) =>
        command.Parents.OfType<Command>().FirstOrDefault() is { } parent and not RootCommand ? $"{Path(parent)} {command.Name}"
        : command.Name;

    private static string Unmatched(Command command, string word)
    {
        if (word.StartsWith('-'))
            return UnknownOption(command, word);
        // The word after an argument may be the rest of a secret, so the message does not repeat it.
        if (command.Subcommands.Count == 0)
            return command.Arguments.Count == 0 ? $"'{Path(command)}' does not accept '{NameRules.Shown(word)}'"
                : $"'{Path(command)}' takes no more than {Usage(command)}";

        if (command is RootCommand && Intentions.GetValueOrDefault(word.ToLowerInvariant()) is { } intention)
            return $"there is no command '{NameRules.Shown(word)}'; run: {intention}";

        var of = command is RootCommand ? "" : $" of '{Path(command)}'";
        return $"there is no command '{NameRules.Shown(word)}'{of}{Meant(Nearest(command, word))}";
    }

    private static string UnknownOption(Command command, string word)
    {
        var name = word.Split('=')[0];
        if (OptionIntentions.GetValueOrDefault(name) is { } intention
            && Options(command).Any(option => option.Name == intention.Split(' ')[0]))
            return $"'{Path(command)}' has no option '{name}'{Meant(intention)}";

        var known = Options(command).Where(option => !option.Hidden).SelectMany(option => option.Aliases.Append(option.Name)).ToList();
        return known.Contains(name)
            ? $"'{NameRules.Shown(name)}' belongs after '{Path(command)}'"
            : $"'{Path(command)}' has no option '{NameRules.Shown(name)}'{Meant(Spelling.NearestOption(name, known))}";
    }

    // The parser takes an unknown word with two dashes for the argument.
    private static string? Misread(ParseResult parsed, Command command) =>
        parsed.Tokens.Any(token => token.Value == "--")
            ? null
            : command.Arguments.SelectMany(argument => parsed.GetResult(argument)?.Tokens ?? []).Select(token => token.Value)
                .FirstOrDefault(value => value.StartsWith("--", StringComparison.Ordinal));

    private static string? Nearest(Command command, string word)
    {
        if (word.Length < 2)
            return null;

        var near = command.Subcommands.Where(one => !one.Hidden && !Destructive.Contains(one.Name)).ToList();
        var all = near.Concat(near.SelectMany(one => one.Subcommands)).ToList();
        var meant = Named(near, Spelling.Nearest(word, near.Select(one => one.Name)))
            ?? Named(all, Spelling.Nearest(word, all.Select(one => one.Name)))
            ?? all.FirstOrDefault(one => word.Length > 2 && one.Name.Contains(word, StringComparison.OrdinalIgnoreCase));
        return meant is null ? null : meant.Parents.Contains(command) ? meant.Name : Path(meant);
    }

    private static Command? Named(IReadOnlyList<Command> commands, string? name) => commands.FirstOrDefault(one => one.Name == name);

    private static IEnumerable<Option> Options(Command command) =>
        command.Options.Concat(command.Parents.OfType<Command>().SelectMany(Options).Where(option => option.Recursive));

    private static string Usage(Command command) =>
        string.Join(' ', command.Arguments.Where(argument => !argument.Hidden).Select(argument => argument.Name));

    private static string Meant(string? suggestion) => suggestion is null ? "" : $"; did you mean '{suggestion}'?";
}
