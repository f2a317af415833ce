using System.CommandLine;
using System.Text;
using SmmAgent.Cli.Output;
using SmmAgent.Contract;
using SmmAgent.Core.Settings;
using SmmAgent.Core.Status;
using SmmAgent.Core.Text;
using SmmAgent.Host;
using SmmAgent.Host.Rollback;
using SmmAgent.Host.Status;

namespace SmmAgent.Cli;

/// <param name="Json">Prints status.json as it is.</param>
/// <param name="Watch">Prints every change until cancelled.</param>
/// <param name="Verbose">Prints healthy groups in full.</param>
public sealed record StatusOptions(bool Json = false, bool Watch = false, bool Verbose = false)
{
    /// <summary>How to write; with colours, a watch clears the screen.</summary>
    public OutputStyle Style { get; init; } = new();

    /// <summary>The name of this host.</summary>
    public string Host { get; init; } = Environment.MachineName;
}

/// <summary><c>smm-agent status</c>: prints the status.json of the daemon.</summary>
public static class StatusCommand
{
    private static readonly TimeSpan WatchEvery = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan RecentRollback = TimeSpan.FromHours(1);

    public static Command Create(Func<ParseResult, AgentPaths> paths)
    {
        var output = OutputOption.Create();
        var watch = new Option<bool>("--watch") { Description = "show every change until Ctrl+C" };
        var verbose = VerboseOption.Create("show every condition, also healthy ones");
        var command = new Command("status", "Show whether this VM is attached, and what to do if not.") { output, watch, verbose };
        command.SetAction((parsed, cancel) => RunAsync(
            paths(parsed),
            new StatusOptions(OutputOption.IsJson(parsed, output), parsed.GetValue(watch), parsed.GetValue(verbose))
            {
                Style = OutputStyle.FromConsole(),
            },
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
            return Show(paths, StatusReader.Read(paths.Status), options, output, error, time.GetUtcNow());

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
                code = Show(paths, reading, options, next, next, time.GetUtcNow());
                var text = next.ToString();
                // A new age alone is printed on a terminal only.
                var isNews = shown.Length == 0 || code != before || !reading.Content.AsSpan().SequenceEqual(content);
                if (text != shown && (options.Style.HasColour || isNews))
                    await output.WriteAsync((options.Style.HasColour ? "\e[H\e[2J" : "") + text);
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
        AgentPaths paths,
        (byte[]? Content, AgentStatus? Status, string? Fault) reading,
        StatusOptions options,
        TextWriter output,
        TextWriter error,
        DateTimeOffset now)
    {
        var (content, status, fault) = reading;
        if (status is null)
        {
            ShowStopped(StoppedHost.Observe(paths, Path.Exists(paths.Status) ? fault : null, now), options, output, now);
            return ExitCode.Failed;
        }

        var age = now - status.UpdatedAt;
        var stale = age <= StatusReader.StaleAfter
            ? null
            : $"stale: written {Age.Text(age)} ago, smm-agent is not running or hangs; sudo systemctl restart smm-agent";
        if (!options.Json)
        {
            output.Write(new StatusText(status, options.Host, now, options.Style, options.Verbose)
            {
                Notes = Notes(paths, now),
                StaleReason = stale,
            }.Write());
            return stale is null ? ExitCode.Done : ExitCode.Failed;
        }

        output.Write(OneLine.ReplaceUnprintableInLines(Encoding.UTF8.GetString(content!)).TrimEnd() + "\n");
        if (stale is not null)
            error.WriteLine(stale);
        return stale is null ? ExitCode.Done : ExitCode.Failed;
    }

    private static void ShowStopped(StoppedHost host, StatusOptions options, TextWriter output, DateTimeOffset now)
    {
        if (options.Json)
        {
            output.Write(Encoding.UTF8.GetString(StatusJsonText.Write(host.Status)) + "\n");
            return;
        }

        var text = new StringBuilder(StatusText.Headline(host.Status, options.Host, options.Style, now));
        foreach (var line in TextWrap.Lines("  ", OneLine.ReplaceUnprintable(host.Status.Attachment!.Message!), options.Style.Width))
            text.Append(line).Append('\n');
        for (var step = 0; step < host.Steps.Count; step++)
            text.Append(step == 0 ? "  next:  " : "         ").Append(host.Steps[step]).Append('\n');
        output.Write(options.Style.Encode(text.ToString()));
    }

    private static List<string> Notes(AgentPaths paths, DateTimeOffset now) => ConfirmationNote.Read(paths) switch
    {
        { IsRolledBack: false } note when note.Time > now =>
            [$"not confirmed: rolled back in {Math.Ceiling((note.Time - now).TotalSeconds):0} s; sudo smm-agent confirm"],
        { IsRolledBack: false } => ["not confirmed: the rollback is running; journalctl -u smm-agent-rollback"],
        { IsRolledBack: true } note when now - note.Time < RecentRollback =>
            [$"the last reconcile was not confirmed and was rolled back {Age.Text(now - note.Time)} ago"],
        _ => [],
    };
}
