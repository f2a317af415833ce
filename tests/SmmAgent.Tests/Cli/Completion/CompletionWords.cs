using System.CommandLine;

namespace SmmAgent.Tests.Cli.Completion;

/// <summary>The words that a shell offers, from the command tree.</summary>
internal static class CompletionWords
{
    public static IReadOnlyList<Command> Commands { get; } = [.. CommandTree.All().Where(command => !command.Hidden)];

    /// <summary>The options with a value, each name once: a name has the same meaning in all commands.</summary>
    public static IReadOnlyList<Option> WithValue { get; } =
        [.. Commands.SelectMany(CommandTree.Options).Where(option => option.HelpName is not null).DistinctBy(option => option.Name)];

    public static IEnumerable<Command> Below(Command command) => command.Subcommands.Where(one => !one.Hidden);

    /// <summary>The names of options that start with two dashes.</summary>
    public static IEnumerable<Option> LongOptions(Command command) =>
        CommandTree.Options(command).Where(option => option.Name.StartsWith("--", StringComparison.Ordinal));

    public static bool IsFile(Option option) => option.HelpName == "FILE";

    /// <summary>The words among alternatives like <c>ADDRESS|auto</c>; words in capitals are placeholders.</summary>
    public static IEnumerable<string> Words(string alternatives) =>
        alternatives.Split('|').Where(word => word.All(char.IsAsciiLetterLower));

    public static IEnumerable<string> ArgumentWords(Command command) => command.Arguments.SelectMany(argument => Words(argument.Name));
}
