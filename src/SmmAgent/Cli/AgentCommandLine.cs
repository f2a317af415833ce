using System.CommandLine;
using SmmAgent.Cli.Output;
using SmmAgent.Core.Settings;
using SmmAgent.Host;
using SmmAgent.Linux.Files;
using SmmAgent.Linux.Interop;
using SmmAgent.Logging;

namespace SmmAgent.Cli;

/// <summary>The command tree. A command never ends with a stack trace.</summary>
internal static class AgentCommandLine
{
    public static async Task<int> RunAsync(string[] arguments)
    {
        ParseResult? parsed = null;
        try
        {
            parsed = Parse(HelpCommand.Expand(arguments));
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
            await CommandError.WriteAsync("standard output is closed");
            return ExitCode.Failed;
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception))
        {
            var fix = exception is UnauthorizedAccessException && !Environment.IsPrivilegedProcess ? $"; run: {WithSudo(parsed)}" : "";
            await CommandError.WriteAsync($"{FileErrors.Describe(exception)}{fix}");
            return exception switch
            {
                UnauthorizedAccessException => ExitCode.NotPermitted,
                InvalidDataException => ExitCode.Usage, // agent.yaml is too large
                _ => ExitCode.Failed,
            };
        }
        catch (Exception exception)
        {
            await CommandError.WriteAsync($"{LogText.Cause(exception)}: this is a bug in smm-agent; please report it");
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
            await CommandError.WriteAsync(error, $"smm-agent {string.Join(' ', help)}");
        return ExitCode.Usage;
    }

    // Only words of the agent itself: an argument may be a secret.
    private static string WithSudo(ParseResult? parsed) => string.Join(
        ' ', ["sudo smm-agent", .. parsed is null ? [] : UsageErrors.Path(parsed.CommandResult.Command).Split(' ').Concat(Flags(parsed))]);

    private static IEnumerable<string> Flags(ParseResult parsed) => parsed.CommandResult.Command.Options.OfType<Option<bool>>()
        .Where(option => parsed.GetValue(option)).Select(option => option.Name);

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
            HelpCommand.Create(),
        };
        HelpCommand.Adjust(tree);
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
