using System.CommandLine;
using SmmAgent.Core.Settings;

namespace SmmAgent.Cli;

/// <summary><c>smm-agent confirm</c>: the operator still has access, so what reconcile did stays.</summary>
internal static class ConfirmCommand
{
    public static Command Create(Func<ParseResult, AgentPaths> paths)
    {
        var command = new Command("confirm", "Keep what reconcile --confirm-within did.");
        command.SetAction((parsed, cancel) => RunAsync(paths(parsed), Progress.OnConsole(), cancel));
        return command;
    }

    private static async Task<int> RunAsync(AgentPaths paths, Progress progress, CancellationToken cancel)
    {
        var code = HostSystemd.Open(paths, "confirm", progress, out var systemd);
        if (systemd is null)
            return code;

        using (systemd)
        {
            if (!await new Rollback(paths, systemd, progress).ConfirmAsync(cancel))
                return ExitCode.Failed;
            new AgentUnits(systemd, progress).Enable();
        }

        progress.Done("confirmed: the changes stay");
        return code;
    }
}
