using System.CommandLine;
using SmmAgent.Cli;

namespace SmmAgent.Tests.Cli;

/// <summary>The real command tree, as documents and completions are held against it.</summary>
internal static class CommandTree
{
    public static IEnumerable<Command> All() => WithBelow(AgentCommandLine.Tree());

    /// <summary>What an operator sees of a command's options.</summary>
    public static IEnumerable<Option> Options(Command command) => command.Options.Where(option => !option.Hidden);

    /// <summary>The words behind the program's name.</summary>
    public static string[] Path(Command command) => command is RootCommand ? [] : UsageErrors.Path(command).Split(' ');

    private static IEnumerable<Command> WithBelow(Command command) => command.Subcommands.SelectMany(WithBelow).Prepend(command);
}
