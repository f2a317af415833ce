using System.CommandLine;
using SmmAgent.Cli.Output;
using SmmAgent.Contract;
using SmmAgent.Host;

namespace SmmAgent.Cli;

/// <summary><c>smm-agent explain</c>: prints the documentation of a condition or of a reason, without a network.</summary>
internal static class ExplainCommand
{
    public static Command Create()
    {
        var name = new Argument<string?>("NAME")
        {
            Description = "a condition or a reason, such as NotOpen; default: list them",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var output = OutputOption.Create();
        var command = new Command("explain", "Explain a condition or a reason, and what to do about it.") { name, output };
        command.SetAction(parsed => Run(
            parsed.GetValue(name), Console.Out, Console.Error, OutputStyle.FromConsole(), OutputOption.Format(parsed, output)));
        return command;
    }

    /// <returns>An exit code.</returns>
    public static int Run(string? name, TextWriter output, TextWriter error, OutputStyle style, PrintFormat format = PrintFormat.Text)
    {
        var reference = ConditionReference.BuiltIn;
        var found = format != PrintFormat.Text ? ExplainText.Structured(reference, name, format)
            : name is null ? ExplainText.List(reference, style)
            : ExplainText.Explain(reference, name, style);
        if (found is { } text)
        {
            output.Write(text);
            return ExitCode.Done;
        }

        var meant = ExplainText.Nearest(reference, name!) is { } nearest ? $"; did you mean '{nearest}'?" : "";
        error.Write(CommandError.Format(
            $"there is neither a condition nor a reason '{NameRules.Shown(name!)}'{meant}", "smm-agent explain", style.Width));
        return ExitCode.Usage;
    }
}
