using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using SmmAgent.Linux.Host;

namespace SmmAgent.Cli;

/// <summary><c>smm-agent help COMMAND</c>: the same as <c>smm-agent COMMAND --help</c>.</summary>
internal static class HelpCommand
{
    private const string Name = "help";

    public static Command Create()
    {
        var words = new Argument<string[]>("COMMAND") { Description = "the command, such as status; default: list them" };
        var command = new Command(Name, "Print the help of a command.") { words };
        // Also behind a global option.
        command.SetAction((parsed, _) => AgentCommandLine.RunAsync([.. parsed.GetValue(words) ?? [], "--help"]));
        return command;
    }

    public static string[] Expand(string[] arguments) => arguments is [Name, .. var words] ? [.. words, "--help"] : arguments;

    /// <summary>Adjusts the help of all commands to the terminal, and shortens it.</summary>
    public static void Adjust(RootCommand tree)
    {
        if (tree.Options.OfType<HelpOption>().FirstOrDefault() is not { Action: HelpAction help } option)
            return;

        // Its own default is Console.WindowWidth, which writes escape sequences to a terminal.
        help.MaxWidth = TerminalSize.Columns() ?? int.MaxValue;
        option.Action = new ShortHelp(help);
    }

    // The library prints a heading above one line, and the optional value of an option as required.
    private sealed class ShortHelp(HelpAction help) : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            var configuration = parseResult.InvocationConfiguration;
            var output = configuration.Output;
            using var text = new StringWriter();
            configuration.Output = text;
            parseResult.CommandResult.Command.Hidden = false; // the library prints nothing for a hidden command
            var code = help.Invoke(parseResult);
            configuration.Output = output;
            text.GetStringBuilder().Replace("Description:\n  ", "");
            foreach (var (printed, shown) in Optional(parseResult.CommandResult.Command))
                text.GetStringBuilder().Replace(printed, shown);
            output.Write(text.ToString());
            return code;
        }

        private static IEnumerable<(string Printed, string Shown)> Optional(Command command) =>
        [
            .. command.Options.Where(one => one is { HelpName: not null, Arity: { MinimumNumberOfValues: 0, MaximumNumberOfValues: 1 } })
                .Select(one => ($"{one.Name} <{one.HelpName}>", $"{one.Name}[={one.HelpName}]")),
            .. command.Subcommands.Where(one => one.Arguments is [{ Arity.MinimumNumberOfValues: 0 }])
                .Select(one => ($"{one.Name} <{one.Arguments[0].Name}>", $"{one.Name} [{one.Arguments[0].Name}]")),
        ];
    }
}
