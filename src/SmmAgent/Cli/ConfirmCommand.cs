using System.CommandLine;
using SmmAgent.Core.Settings;
using SmmAgent.Host;
using SmmAgent.Host.Rollback;
using SmmAgent.Linux.Systemd;

namespace SmmAgent.Cli;

/// <summary><c>smm-agent confirm</c>: the operator still has access, so what reconcile did stays.</summary>
internal static class ConfirmCommand
{
    public static Command Create(Func<ParseResult, AgentPaths> paths)
    {
        var command = new Command("confirm", "Keep what reconcile --confirm-within did.");
        command.SetAction((parsed, cancel) =>
        {
            var of = paths(parsed);
            return HostSystemd.RunAsync(of, "confirm", (systemd, progress) => ConfirmAsync(of, systemd, progress, cancel), "confirmed: the changes stay");
        });
        return command;
    }

    private static async Task<bool> ConfirmAsync(AgentPaths paths, IUnits systemd, Progress progress, CancellationToken cancel)
    {
        if (!await new HostRollback(paths, systemd, progress).ConfirmAsync(cancel))
            return false;

        new AgentUnits(systemd, progress).Enable();
        return true;
    }
}
