using System.CommandLine;
using System.CommandLine.Parsing;
using SmmAgent.Contract;

namespace SmmDashboard.Startup;

/// <summary>Formats the error of a command line in one line: the word, the reason and a suggestion.</summary>
internal static class CommandLineErrors
{
    private const string Program = "smm-dashboard";
    private const string Machines = "run: smm-dashboard machines";
    private const string Serve =
        "the options without a command start the dashboard: smm-dashboard --mesh FILE --listen http://127.0.0.1:8080";
    private const string Check = "run: smm-dashboard check --mesh FILE, or: smm-dashboard check --kubernetes";

    private const string Logs =
        "run: journalctl -u smm-dashboard -f, or for a cluster: kubectl -n smm-dashboard logs deployment/smm-dashboard -f";

    private const string State =
        "run: systemctl status smm-dashboard, or for a cluster: kubectl -n smm-dashboard get pods; to list the machines: "
        + "smm-dashboard machines";

    // Words of other programs. The command is printed, and never executed.
    private static readonly Dictionary<string, string> Intentions = new(StringComparer.Ordinal)
    {
        ["get"] = Machines,
        ["list"] = Machines,
        ["ls"] = Machines,
        ["ps"] = Machines,
        ["vm"] = Machines,
        ["vms"] = Machines,
        ["nodes"] = Machines,
        ["agents"] = Machines,
        ["show"] = Machines,
        ["describe"] = "run: smm-dashboard machines NAMESPACE/GROUP/NAME",
        ["log"] = Logs,
        ["logs"] = Logs,
        ["status"] = State,
        ["health"] = State,
        ["run"] = Serve,
        ["serve"] = Serve,
        ["server"] = Serve,
        ["start"] = Serve,
        ["restart"] = "run: sudo systemctl restart smm-dashboard",
        ["reload"] = "the mesh description is read again when it changes; to check it: smm-dashboard check --mesh FILE",
        ["validate"] = Check,
        ["verify"] = Check,
        ["doctor"] = Check,
        ["explain"] = "run: smm-agent explain NAME, on a VM",
    };

    /// <returns>Null for a valid command line.</returns>
    public static string? Format(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        if (Misread(parsed, command) is { } option)
            return UnknownOption(command, option);
        if (parsed.UnmatchedTokens is [var first, ..])
            return WithoutValue(parsed, first)
                ?? Unmatched(IsBeforeCommand(parsed, first) ? parsed.RootCommandResult.Command : command, first);
        if (parsed.Errors.Count > 0)
            return Text(parsed.Errors[0]);
        return BeforeCommand(parsed, command) is { } early ? $"'{early}' belongs after '{Path(command)}'" : null;
    }

    /// <summary>The words that print the help of the command.</summary>
    public static string Help(ParseResult parsed) =>
        parsed.CommandResult.Command is RootCommand ? $"{Program} --help" : $"{Program} {Path(parsed.CommandResult.Command)} --help";

    // The messages of the library contain types of .NET.
    private static string Text(ParseError error)
    {
        var result = error.SymbolResult as OptionResult ?? error.SymbolResult?.Parent as OptionResult;
        return result switch
        {
            { Option: { } option, Tokens.Count: 0 } => $"'{option.Name}' needs {option.HelpName}",
            { Option: { Arity.MaximumNumberOfValues: 1 } option, Tokens.Count: > 1 } => $"'{option.Name}' may be given only once",
            { Option: { } option, Tokens: [var token] } when option.ValueType == typeof(int) || option.ValueType == typeof(int?) =>
                $"{option.Name} '{NameRules.Shown(token.Value)}' is "
                    + (token.Value.All(char.IsAsciiDigit) ? $"larger than {int.MaxValue}" : "not a whole number"),
            _ => error.Message,
        };
    }

    // "get machines": the parser finds the command behind the unknown word.
    private static bool IsBeforeCommand(ParseResult parsed, string word) =>
        !word.StartsWith('-') && parsed.Tokens.Count > 0 && parsed.Tokens[0].Value == word;

    // "--mesh FILE check": the parser takes it for the option of the dashboard, and the command does not get it.
    private static string? BeforeCommand(ParseResult parsed, Command command) => command is RootCommand ? null
        : command.Options.Select(option => option.Name).FirstOrDefault(name =>
            parsed.RootCommandResult.Command.Options.FirstOrDefault(option => option.Name == name && !option.Recursive) is { } ofDashboard
            && parsed.GetResult(ofDashboard) is { Implicit: false });

    // "--kubernetes=yes": the parser takes the value for a command.
    private static string? WithoutValue(ParseResult parsed, string word)
    {
        var at = parsed.Tokens.TakeWhile(token => token.Value != word).Count();
        return at > 0 && at < parsed.Tokens.Count && parsed.Tokens[at - 1] is { Type: TokenType.Option, Value: var name }
            && parsed.CommandResult.Command.Options.Any(option => option.Name == name && option.ValueType == typeof(bool))
                ? $"'{name}' does not accept the value '{NameRules.Shown(word)}'"
                : null;
    }

    private static string Path(Command command) => command is RootCommand ? Program : command.Name;

    private static string Unmatched(Command command, string word)
    {
        if (word.StartsWith('-'))
            return UnknownOption(command, word);
        if (command is not RootCommand)
        {
            return command.Arguments.Count > 0
                ? $"'{Path(command)}' takes no more than {string.Join(' ', command.Arguments.Select(argument => argument.Name))}"
                : $"'{Path(command)}' does not accept '{NameRules.Shown(word)}'{MeantFile(command, word)}";
        }

        return $"there is no command '{NameRules.Shown(word)}'" + (Intentions.GetValueOrDefault(word.ToLowerInvariant()) is { } intention
            ? $"; {intention}"
            : Meant(Nearest(command, word)));
    }

    private static string UnknownOption(Command command, string word)
    {
        var name = word.Split('=')[0];
        var known = Names(command);
        var shown = NameRules.Shown(name);
        if (known.Contains(name))
            return $"'{shown}' belongs after '{Path(command)}'";

        var nearest = Spelling.NearestOption(name, known);
        var owners = nearest is null && command is RootCommand
            ? command.Subcommands.Where(one => Names(one).Contains(name)).Select(one => one.Name).ToList()
            : [];
        return $"'{Path(command)}' has no option '{shown}'"
            + (owners.Count switch
            {
                0 => Meant(nearest),
                1 => $"; it is an option of '{owners[0]}'",
                _ => $"; it is an option of the commands {string.Join(", ", owners)}",
            });
    }

    // The parser takes an unknown option for the argument.
    private static string? Misread(ParseResult parsed, Command command) =>
        parsed.Tokens.Any(token => token.Value == "--")
            ? null
            : command.Arguments.SelectMany(argument => parsed.GetResult(argument)?.Tokens ?? []).Select(token => token.Value)
                .FirstOrDefault(value => value.StartsWith('-'));

    private static string? Nearest(Command command, string word)
    {
        var names = command.Subcommands.Select(one => one.Name).ToList();
        return word.Length < 2 ? null
            : Spelling.Nearest(word, names)
                ?? names.FirstOrDefault(name => word.Length > 2 && name.Contains(word, StringComparison.OrdinalIgnoreCase));
    }

    private static List<string> Names(Command command) =>
        [.. command.Options.Where(option => !option.Hidden).SelectMany(option => option.Aliases.Append(option.Name))];

    private static string MeantFile(Command command, string word) =>
        word.EndsWith(".yaml", StringComparison.Ordinal) && command.Options.Any(option => option.Name == "--mesh")
            ? $"; did you mean '--mesh {NameRules.Shown(word)}'?"
            : "";

    private static string Meant(string? suggestion) => suggestion is null ? "" : $"; did you mean '{suggestion}'?";
}
