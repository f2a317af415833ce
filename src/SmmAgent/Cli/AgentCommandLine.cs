using System.CommandLine;
using System.Reflection;
using SmmAgent.Core.Settings;

namespace SmmAgent.Cli;

/// <summary>The command tree, and the rule that no command ever ends in a stack trace.</summary>
internal static class AgentCommandLine
{
    /// <summary>The version in Directory.Build.props.</summary>
    public static string Version { get; } =
        typeof(AgentCommandLine).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;

    public static async Task<int> RunAsync(string[] arguments)
    {
        var parsed = Tree().Parse(arguments);
        try
        {
            var exitCode = await parsed.InvokeAsync(new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null, // signals are the daemon's own business
            });
            return parsed.Errors.Count > 0 ? ExitCode.Usage : exitCode;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            await Console.Error.WriteLineAsync($"smm-agent: {exception.Message}");
            return exception switch
            {
                UnauthorizedAccessException => ExitCode.NotPermitted,
                InvalidDataException => ExitCode.Usage, // agent.yaml is too large
                _ => ExitCode.Failed,
            };
        }
    }

    private static RootCommand Tree()
    {
        var root = new Option<string>("--root")
        {
            Description = "folder that all files of the agent lie below; for tests and containers",
            DefaultValueFactory = _ => "/",
            Recursive = true,
            Hidden = true,
        };
        var paths = (ParseResult parsed) => new AgentPaths(Path.GetFullPath(parsed.GetRequiredValue(root)));
        return new RootCommand("Attaches this virtual machine to an Istio service mesh, and keeps it attached.")
        {
            root,
            SetCommand.Create(paths),
            RunCommand.Create(paths),
            ReconcileCommand.Create(paths),
            StatusCommand.Create(paths),
            DetachCommand.Create(paths),
            VersionCommand(),
        };
    }

    private static Command VersionCommand()
    {
        var command = new Command("version", "Print the version.");
        command.SetAction(parsed => parsed.InvocationConfiguration.Output.WriteLine($"smm-agent {Version}"));
        return command;
    }
}
