using System.CommandLine;
using SmmAgent.Core.Settings;

namespace SmmAgent.Cli;

/// <summary><c>smm-agent confirm</c>: the operator still has access, so what reconcile did stays.</summary>
internal static class ConfirmCommand
{
    public static Command Create(Func<ParseResult, AgentPaths> paths)
    {
        var command = new Command("confirm", "Keep what reconcile --confirm-within did.");
        command.SetAction((parsed, cancel) => HostSystemd.UseAsync(paths(parsed), "confirm", Progress.OnConsole(), async (systemd, progress) =>
        {
            if (!await new Rollback(paths(parsed), systemd, progress).ConfirmAsync(cancel))
                return ExitCode.Failed;
            new AgentUnits(systemd, progress).Enable();
            progress.Done("confirmed: the changes stay");
            return ExitCode.Done;
        }));
        return command;
    }
}
