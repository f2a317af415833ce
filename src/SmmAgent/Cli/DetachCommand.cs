using System.CommandLine;
using SmmAgent.Cli.Output;
using SmmAgent.Core.Settings;
using SmmAgent.Host.Composition;
using SmmAgent.Host.Detach;

namespace SmmAgent.Cli;

/// <summary><c>smm-agent detach</c>: undoes and lists every change of the agent to the host. /etc/smm stays.</summary>
internal static class DetachCommand
{
    public static Command Create(Func<ParseResult, AgentPaths> paths)
    {
        var dryRun = new Option<bool>("--dry-run") { Description = "print what would be removed and change nothing" };
        var keepPackages = new Option<bool>("--keep-packages")
        {
            Description = "leave the sidecar's package; for package scripts, which cannot remove another package",
            Hidden = true,
        };
        var output = OutputOption.Create("output format of --dry-run");
        var command = new Command("detach", "Leave the mesh and undo every change to this host.") { dryRun, output, keepPackages };
        StructuredProgress.NeedsDryRun(command, output, dryRun);
        command.SetAction((parsed, cancel) => StructuredProgress.RunAsync(OutputOption.Format(parsed, output), async progress =>
        {
            using var host = HostComposition.Create(paths(parsed), progress);
            return (await new HostDetach(host, new(parsed.GetValue(dryRun), parsed.GetValue(keepPackages))).RunAsync(cancel), null);
        }));
        return command;
    }
}
