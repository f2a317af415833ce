using System.CommandLine;
using SmmAgent.Bundle;
using SmmAgent.Core.Settings;
using SmmAgent.Host;
using SmmAgent.Linux.Commands;

namespace SmmAgent.Cli;

/// <summary><c>smm-agent support-bundle</c>: collects the data for a bug report, without secrets.</summary>
internal static class SupportBundleCommand
{
    public static Command Create(Func<ParseResult, AgentPaths> paths)
    {
        var file = new Option<string?>("--file") { Description = "output file; default: named after host and time", HelpName = "FILE" };
        file.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value.Length: 0 }, ..])
                result.AddError("--file: '' is not a file name; for example: --file bundle.tar.gz");
        });
        var command = new Command("support-bundle", "Collect a tar.gz for a bug report, secrets redacted.") { file };
        command.SetAction((parsed, cancel) => Bundle(paths(parsed)).WriteAsync(parsed.GetValue(file), cancel));
        return command;
    }

    private static BundleFile Bundle(AgentPaths paths) =>
        new(paths, BundleParts.All(paths, new CommandRunner()), Progress.OnConsole(), TimeProvider.System);
}
