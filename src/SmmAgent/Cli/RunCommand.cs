using System.CommandLine;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Serilog.Core;
using Serilog.Events;
using SmmAgent.Core.Settings;
using SmmAgent.Daemon.Lifetime;
using SmmAgent.Daemon.Loop;
using SmmAgent.Host;
using SmmAgent.Linux.Files;
using SmmAgent.Linux.Host;
using SmmAgent.Linux.Locks;
using SmmAgent.Linux.Systemd;
using SmmAgent.Logging;

namespace SmmAgent.Cli;

/// <summary><c>smm-agent run</c>: the daemon, until SIGTERM.</summary>
internal static class RunCommand
{
    /// <summary>The log level: <c>debug</c>, <c>information</c> (default), <c>warning</c> or <c>error</c>.</summary>
    private const string LevelVariable = "SMM_AGENT_LOG";

    public static Command Create(Func<ParseResult, AgentPaths> paths)
    {
        var command = new Command("run", "Run the daemon (what smm-agent.service starts).");
        command.SetAction((parsed, cancel) => RunAsync(paths(parsed)));
        return command;
    }

    private static async Task<int> RunAsync(AgentPaths paths)
    {
        ProcessMemory.UseOneNativeHeap();
        PrepareFolders(paths);
        using var presence = DaemonPresence.Take(paths.StateDirectory);
        if (presence.IsTaken)
        {
            await Console.Error.WriteLineAsync("smm-agent: the daemon is already running: systemctl status smm-agent");
            return ExitCode.Failed;
        }

        AtomicFile.RemoveLeftovers(paths.StateDirectory);
        AtomicFile.RemoveLeftovers(paths.RuntimeDirectory);
        var (target, level) = (LogTarget.Process(), new LoggingLevelSwitch(Level()));
        using var logger = AgentLogging.Create(target, level);
        using var notifier = ServiceNotifier.FromEnvironment(Environment.GetEnvironmentVariable);
        using var host = DaemonHost.Build(
            paths, ProgramVersion.Current, notifier, logger, new LogControl(level, target.IsJournal ? "journal" : "console"));
        var fault = host.Services.GetRequiredService<ProcessFault>();
        try
        {
            await host.StartAsync();
            await host.WaitForShutdownAsync();
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            fault.Report("start", exception);
        }

        if (fault.First is not { } first)
            return ExitCode.Done;

        logger.Fatal(first.Exception, "{Loop} failed; exiting so that systemd restarts the agent", first.Loop);
        return ExitCode.Failed;
    }

    // Under systemd both are there already, from StateDirectory= and tmpfiles.d.
    private static void PrepareFolders(AgentPaths paths)
    {
        const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        const UnixFileMode All = UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;
        Directory.CreateDirectory(paths.StateDirectory, Owner);
        Directory.CreateDirectory(paths.RuntimeDirectory, Owner | All);
    }

    private static LogEventLevel Level() =>
        Enum.TryParse<LogEventLevel>(Environment.GetEnvironmentVariable(LevelVariable), ignoreCase: true, out var level)
            ? level
            : LogEventLevel.Information;
}
