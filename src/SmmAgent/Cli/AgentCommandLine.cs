using System.CommandLine;
using System.CommandLine.Help;
using SmmAgent.Cli.Output;
using SmmAgent.Contract;
using SmmAgent.Core.Settings;
using SmmAgent.Host;
using SmmAgent.Linux.Files;
using SmmAgent.Linux.Host;
using SmmAgent.Linux.Interop;
using SmmAgent.Logging;

namespace SmmAgent.Cli;

/// <summary>The command tree. A command never ends with a stack trace.</summary>
internal static class AgentCommandLine
{
    public static async Task<int> RunAsync(string[] arguments)
    {
        try
        {
            var parsed = Parse(arguments is ["help", .. var words] ? [.. words, "--help"] : arguments);
            if (UsageErrors.Format(parsed) is { } error)
                return await RefuseAsync(parsed, error);

            return await parsed.InvokeAsync(new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null, // the daemon handles signals
            });
        }
        catch (UnauthorizedAccessException exception) when (exception.InnerException?.HResult == Errno.EBADF)
        {
            // .NET reports EBADF as missing permission. A file that a command opens by name never causes EBADF.
            await Console.Error.WriteLineAsync("smm-agent: standard output is closed");
            return ExitCode.Failed;
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception))
        {
            var fix = exception is UnauthorizedAccessException && !Environment.IsPrivilegedProcess ? "; run the command with sudo" : "";
            await Console.Error.WriteLineAsync($"smm-agent: {OneLine.ReplaceUnprintable(FileErrors.Describe(exception))}{fix}");
            return exception switch
            {
                UnauthorizedAccessException => ExitCode.NotPermitted,
                InvalidDataException => ExitCode.Usage, // agent.yaml is too large
                _ => ExitCode.Failed,
            };
        }
        catch (Exception exception)
        {
            await Console.Error.WriteLineAsync(
                $"smm-agent: {OneLine.ReplaceUnprintable(LogText.Cause(exception))}: this is a bug in smm-agent; please report it");
            return ExitCode.Failed;
        }
    }

    // An argument that begins with @ is not a response file.
    internal static ParseResult Parse(IReadOnlyList<string> arguments) =>
        Tree().Parse(arguments, new ParserConfiguration { ResponseFileTokenReplacer = null });

    private static async Task<int> RefuseAsync(ParseResult parsed, string error)
    {
        var command = parsed.CommandResult.Command;
        IReadOnlyList<string> help = command is RootCommand ? ["--help"] : [.. UsageErrors.Path(command).Split(' '), "--help"];
        if (error.Length == 0)
            await Parse(help).InvokeAsync(new InvocationConfiguration { Output = Console.Error });
        else
            await Console.Error.WriteLineAsync($"smm-agent: {OneLine.ReplaceUnprintable(error)}\nsee: smm-agent {string.Join(' ', help)}");
        return ExitCode.Usage;
    }

    internal static RootCommand Tree()
    {
        var root = new Option<string>("--root")
        {
            Description = "root folder of all files of the agent; for tests and containers",
            DefaultValueFactory = _ => "/",
            Recursive = true,
            Hidden = true,
        };
        var config = ConfigOption.Global();
        var paths = (ParseResult parsed) =>
            ConfigOption.Apply(new AgentPaths(Path.GetFullPath(parsed.GetRequiredValue(root))), parsed, config);
        var tree = new RootCommand("Attaches this virtual machine to an Istio service mesh, and keeps it attached.")
        {
            root,
            config,
            JoinCommand.Create(paths),
            SetCommand.Create(paths),
            UnsetCommand.Create(paths),
            CheckCommand.Create(paths),
            ReconcileCommand.Create(paths),
            ConfirmCommand.Create(paths),
            RollbackCommand.Create(paths),
            VerifyPackageCommand.Create(paths),
            StatusCommand.Create(paths),
            ExplainCommand.Create(),
            DetachCommand.Create(paths),
            PrepareImageCommand.Create(paths),
            ConfigCommand.Create(paths),
            SupportBundleCommand.Create(paths),
            RunCommand.Create(paths),
            VersionCommand(),
        };
        // Its own default is Console.WindowWidth, which writes escape sequences to a terminal.
        if (tree.Options.OfType<HelpOption>().FirstOrDefault()?.Action is HelpAction help)
            help.MaxWidth = TerminalSize.Columns() ?? int.MaxValue;
        // The command version is listed, and the help must fit a screen of 24 lines.
        tree.Options.OfType<VersionOption>().First().Hidden = true;
        tree.Directives.Clear(); // disable System.CommandLine directives such as [suggest]
        return tree;
    }

    private static Command VersionCommand()
    {
        var output = OutputOption.Create();
        var command = new Command("version", "Print the version.") { output };
        command.SetAction(parsed =>
        {
            var format = OutputOption.Format(parsed, output);
            parsed.InvocationConfiguration.Output.Write(format == PrintFormat.Text
                ? $"smm-agent {ProgramVersion.Current}\n"
                : StructuredText.Write(format, json =>
                {
                    json.WriteStartObject();
                    json.WriteString("version", ProgramVersion.Current);
                    json.WriteEndObject();
                }));
        });
        return command;
    }
}
