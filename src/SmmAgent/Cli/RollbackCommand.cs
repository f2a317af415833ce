using System.CommandLine;
using SmmAgent.Core.Settings;

namespace SmmAgent.Cli;

/// <summary><c>smm-agent rollback</c>: what the timer of an unconfirmed reconcile runs.</summary>
internal static class RollbackCommand
{
    public static Command Create(Func<ParseResult, AgentPaths> paths)
    {
        var command = new Command("rollback", "Undo a reconcile that waits for its confirmation.") { Hidden = true };
        command.SetAction((parsed, cancel) => RunAsync(paths(parsed), Progress.OnConsole(), cancel));
        return command;
    }

    private static async Task<int> RunAsync(AgentPaths paths, Progress progress, CancellationToken cancel)
    {
        var code = HostSystemd.Open(paths, "rollback", progress, out var systemd);
        if (systemd is null)
            return code;

        using (systemd)
        {
            if (!await new Rollback(paths, systemd, progress).RunAsync(cancel))
                return ExitCode.Failed;
        }

        progress.Done("the host is as it was before the reconcile that nobody confirmed");
        return code;
    }
}
