using System.CommandLine;
using System.Text.Json;
using SmmAgent.Bundle;
using SmmAgent.Cli.Output;
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
        var output = OutputOption.Create();
        var command = new Command("support-bundle", "Collect a tar.gz for a bug report, secrets redacted.") { file, output };
        command.SetAction((parsed, cancel) => StructuredProgress.RunAsync(OutputOption.Format(parsed, output), async progress =>
        {
            var bundle = Bundle(paths(parsed), progress);
            return (await bundle.WriteAsync(parsed.GetValue(file), cancel), json => Write(json, bundle));
        }));
        return command;
    }

    private static BundleFile Bundle(AgentPaths paths, Progress progress) =>
        new(paths, BundleParts.All(paths, new CommandRunner()), progress, TimeProvider.System);

    private static void Write(Utf8JsonWriter json, BundleFile bundle)
    {
        json.WriteString("file", bundle.Written?.File);
        json.WriteNumber("collected", bundle.Written?.Collected ?? 0);
        json.WriteNumber("missing", bundle.Written?.Missing ?? 0);
    }
}
