using System.CommandLine;
using SmmAgent.Cli;

namespace SmmAgent.Tests.Cli;

/// <summary>The real command tree, for the tests of documents and completions.</summary>
internal static class CommandTree
{
    public static IEnumerable<Command> All() => WithBelow(AgentCommandLine.Tree());

    /// <summary>The visible options of a command.</summary>
    public static IEnumerable<Option> Options(Command command) => command.Options.Where(option => !option.Hidden);

    /// <summary>The words after the name of the program.</summary>
    public static string[] Path(Command command) => command is RootCommand ? [] : UsageErrors.Path(command).Split(' ');

    private static IEnumerable<Command> WithBelow(Command command) => command.Subcommands.SelectMany(WithBelow).Prepend(command);
}
