using System.CommandLine;
using SmmAgent.Core.Settings;
using SmmAgent.Host;
using SmmAgent.Host.Rollback;

namespace SmmAgent.Cli;

/// <summary><c>smm-agent rollback</c>: what the timer of an unconfirmed reconcile runs.</summary>
internal static class RollbackCommand
{
    public static Command Create(Func<ParseResult, AgentPaths> paths)
    {
        var command = new Command("rollback", "Undo a reconcile that waits for its confirmation.") { Hidden = true };
        command.SetAction((parsed, cancel) =>
        {
            var of = paths(parsed);
            Interruption.IgnoreHangup();
            return HostSystemd.RunAsync(
                of, "rollback", (systemd, progress) => new HostRollback(of, systemd, progress).RunAsync(cancel),
                "the host is as it was before the reconcile that nobody confirmed");
        });
        return command;
    }
}
