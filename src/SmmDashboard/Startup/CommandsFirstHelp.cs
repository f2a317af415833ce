using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace SmmDashboard.Startup;

/// <summary>Prints the commands before the options, of which there are more than a screen shows.</summary>
internal sealed class CommandsFirstHelp(HelpAction help) : SynchronousCommandLineAction
{
    private const string Options = "Options:";
    private const string Commands = "Commands:";

    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        var output = parseResult.InvocationConfiguration.Output;
        using var text = new StringWriter();
        parseResult.InvocationConfiguration.Output = text;
        try
        {
            var exitCode = help.Invoke(parseResult);
            output.Write(Arrange(text.ToString().ReplaceLineEndings("\n"), parseResult.CommandResult.Command));
            return exitCode;
        }
        finally
        {
            parseResult.InvocationConfiguration.Output = output;
        }
    }

    private static string Arrange(string text, Command command)
    {
        // The library writes every argument in the list as a required one.
        foreach (var one in command.Subcommands)
        {
            foreach (var argument in one.Arguments.Where(argument => argument.Arity.MinimumNumberOfValues == 0))
                text = text.Replace($"{one.Name} <{argument.Name}>", $"{one.Name} [{argument.Name}]", StringComparison.Ordinal);
        }

        var (options, commands) = (text.IndexOf(Options, StringComparison.Ordinal), text.IndexOf(Commands, StringComparison.Ordinal));
        return options < 0 || commands < options
            ? text
            : $"{text[..options]}{text[commands..].TrimEnd('\n')}\n\n{text[options..commands].TrimEnd('\n')}\n";
    }
}
