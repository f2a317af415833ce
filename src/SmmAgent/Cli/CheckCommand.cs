using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using SmmAgent.Checks.Execution;
using SmmAgent.Cli.Output;
using SmmAgent.Core.Checks;
using SmmAgent.Core.Settings;
using SmmAgent.Host;

namespace SmmAgent.Cli;

/// <summary><c>smm-agent check</c>: checks every prerequisite and suggests fixes. It changes nothing.</summary>
internal static class CheckCommand
{
    public static Command Create(Func<ParseResult, AgentPaths> paths)
    {
        var output = OutputOption.Create();
        var command = new Command("check", "Check every prerequisite and suggest fixes.") { output };
        command.SetAction((parsed, cancel) => RunAsync(paths(parsed), OutputOption.IsJson(parsed, output), cancel));
        return command;
    }

    /// <summary>The report for programs.</summary>
    private static byte[] Json(CheckReport report)
    {
        // "Unsafe" refers to HTML; this output is never part of HTML.
        var options = new JsonWriterOptions { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
        using var content = new MemoryStream();
        using (var writer = new Utf8JsonWriter(content, options))
            JsonSerializer.Serialize(writer, report, CheckJson.Default.CheckReport);
        return content.ToArray();
    }

    private static async Task<int> RunAsync(AgentPaths paths, bool json, CancellationToken cancel)
    {
        var report = await CheckRun.ReportAsync(paths, TimeProvider.System, Environment.IsPrivilegedProcess, cancel);
        if (json)
        {
            await using var output = Console.OpenStandardOutput();
            await output.WriteAsync(Json(report), cancel);
            await output.WriteAsync("\n"u8.ToArray(), cancel);
        }
        else
        {
            await Console.Out.WriteAsync(CheckText.Write(report, Progress.IsTerminal));
        }

        return report.Summary.Failed > 0 ? ExitCode.Failed : ExitCode.Done;
    }
}
