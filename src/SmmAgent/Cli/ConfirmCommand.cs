using System.CommandLine;
using SmmAgent.Core.Settings;
using SmmAgent.Host.Composition;
using SmmAgent.Host.Rollback;

namespace SmmAgent.Cli;

/// <summary><c>smm-agent confirm</c>: the operator still has access, so the changes of the reconcile stay.</summary>
internal static class ConfirmCommand
{
    public static Command Create(Func<ParseResult, AgentPaths> paths)
    {
        var command = new Command("confirm", "Keep the changes of reconcile --confirm-within.");
        command.SetAction(async (parsed, cancel) =>
        {
            using var host = HostComposition.Create(paths(parsed));
            return await new HostConfirmation(host).ConfirmAsync(cancel);
        });
        return command;
    }
}
