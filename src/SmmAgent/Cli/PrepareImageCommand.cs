using System.CommandLine;
using SmmAgent.Core.Settings;
using SmmAgent.Host.Composition;
using SmmAgent.Host.Image;

namespace SmmAgent.Cli;

/// <summary><c>smm-agent prepare-image</c>: removes the identity of this machine before an image is taken of it.</summary>
internal static class PrepareImageCommand
{
    public static Command Create(Func<ParseResult, AgentPaths> paths)
    {
        var dryRun = new Option<bool>("--dry-run") { Description = "print what would be removed and change nothing" };
        var keepToken = new Option<bool>("--keep-token") { Description = "leave the bearer token in the image" };
        var command = new Command("prepare-image", "Remove the identity of this VM from its image.") { dryRun, keepToken };
        command.SetAction(async (parsed, cancel) =>
        {
            using var host = HostComposition.Create(paths(parsed));
            return await new ImagePreparation(host, parsed.GetValue(dryRun), parsed.GetValue(keepToken)).RunAsync(cancel);
        });
        return command;
    }
}
