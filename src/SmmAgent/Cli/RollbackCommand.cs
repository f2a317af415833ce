using System.CommandLine;
using SmmAgent.Core.Settings;
using SmmAgent.Host.Composition;
using SmmAgent.Host.Rollback;

namespace SmmAgent.Cli;

/// <summary><c>smm-agent rollback</c>: the timer of an unconfirmed reconcile runs it.</summary>
internal static class RollbackCommand
{
    public static Command Create(Func<ParseResult, AgentPaths> paths)
    {
        var command = new Command("rollback", "Undo a reconcile that waits for its confirmation.") { Hidden = true };
        command.SetAction(async (parsed, cancel) =>
        {
            using var host = HostComposition.Create(paths(parsed));
            return await new HostConfirmation(host).RollBackAsync(cancel);
        });
        return command;
    }
}
