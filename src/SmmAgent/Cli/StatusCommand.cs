using System.CommandLine;
using System.Text;
using SmmAgent.Cli.Output;
using SmmAgent.Contract;
using SmmAgent.Core.Settings;
using SmmAgent.Core.Status;
using SmmAgent.Core.Text;
using SmmAgent.Host;
using SmmAgent.Host.Status;

namespace SmmAgent.Cli;

/// <param name="Json">Prints status.json as it is.</param>
/// <param name="Watch">Prints every change until cancelled.</param>
/// <param name="Terminal">Whether colours and clearing the screen are wanted: a terminal without NO_COLOR or TERM=dumb.</param>
public sealed record StatusOptions(bool Json = false, bool Watch = false, bool Terminal = false);

/// <summary><c>smm-agent status</c>: prints the status.json of the daemon.</summary>
public static class StatusCommand
{
    private static readonly TimeSpan WatchEvery = TimeSpan.FromSeconds(1);

    public static Command Create(Func<ParseResult, AgentPaths> paths)
    {
        var output = OutputOption.Create();
        var watch = new Option<bool>("--watch") { Description = "show every change until Ctrl+C" };
        var command = new Command("status", "Show the status of the daemon.") { output, watch };
        command.SetAction((parsed, cancel) => RunAsync(
            paths(parsed),
            new StatusOptions(OutputOption.IsJson(parsed, output), parsed.GetValue(watch), Progress.IsTerminal),
            Console.Out,
            Console.Error,
            TimeProvider.System,
            cancel));
        return command;
    }

    /// <returns>0 while the daemon runs, 1 when it does not or its status is stale.</returns>
    public static async Task<int> RunAsync(
        AgentPaths paths, StatusOptions options, TextWriter output, TextWriter error, TimeProvider time, CancellationToken cancel)
    {
        if (!options.Watch)
            return Show(paths.Status, StatusReader.Read(paths.Status), options, output, error, time.GetUtcNow());

        var code = ExitCode.Failed;
        var shown = "";
        byte[]? content = null;
        try
        {
            while (true)
            {
                using var next = new StringWriter();
                var reading = StatusReader.Read(paths.Status);
                var before = code;
                code = Show(paths.Status, reading, options, next, next, time.GetUtcNow());
                var text = next.ToString();
                // A new age alone is printed on a terminal only.
                var isNews = shown.Length == 0 || code != before || !reading.Content.AsSpan().SequenceEqual(content);
                if (text != shown && (options.Terminal || isNews))
                    await output.WriteAsync((options.Terminal ? "\e[H\e[2J" : "") + text);
                (shown, content) = (text, reading.Content);
                await output.FlushAsync(cancel);
                await Task.Delay(WatchEvery, time, cancel);
            }
        }
        catch (OperationCanceledException)
        {
            return code;
        }
    }

    private static int Show(
        string path,
        (byte[]? Content, AgentStatus? Status, string? Fault) reading,
        StatusOptions options,
        TextWriter output,
        TextWriter error,
        DateTimeOffset now)
    {
        var (content, status, fault) = reading;
        if (status is null)
        {
            error.WriteLine(OneLine.ReplaceUnprintable(Path.Exists(path) ? fault! : $"{fault}; sudo systemctl start smm-agent"));
            return ExitCode.Failed;
        }

        output.Write(options.Json ? OneLine.ReplaceUnprintableInLines(Encoding.UTF8.GetString(content!)).TrimEnd() + "\n"
            : StatusText.Write(status, now, options.Terminal));
        var age = now - status.UpdatedAt;
        if (age <= StatusReader.StaleAfter)
            return ExitCode.Done;

        error.WriteLine($"stale: written {Age.Text(age)} ago, smm-agent is not running or hangs; systemctl status smm-agent");
        return ExitCode.Failed;
    }
}
