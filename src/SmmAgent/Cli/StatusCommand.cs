using System.CommandLine;
using System.Text;
using SmmAgent.Cli.Output;
using SmmAgent.Contract;
using SmmAgent.Core.Settings;
using SmmAgent.Core.Status;
using SmmAgent.Core.Text;
using SmmAgent.Core.Time;
using SmmAgent.Host;
using SmmAgent.Host.Rollback;
using SmmAgent.Host.Status;

namespace SmmAgent.Cli;

/// <param name="Format">JSON and YAML have the members of status.json.</param>
/// <param name="Watch">Prints every change until cancelled.</param>
/// <param name="Verbose">Prints healthy groups in full.</param>
public sealed record StatusOptions(PrintFormat Format = PrintFormat.Text, bool Watch = false, bool Verbose = false)
{
    /// <summary>What to wait for; null to print the status at once.</summary>
    public WaitTarget? Wait { get; init; }

    /// <summary>How long to wait.</summary>
    public TimeSpan Timeout { get; init; }

    /// <summary>How to write; with colours, a watch clears the screen.</summary>
    public OutputStyle Style { get; init; } = new();

    /// <summary>The name of this host.</summary>
    public string Host { get; init; } = Environment.MachineName;
}

/// <summary><c>smm-agent status</c>: prints the status.json of the daemon.</summary>
public static class StatusCommand
{
    private const string DefaultTimeout = "30s"; // as kubectl wait

    // On a terminal the ages are updated.
    private static readonly TimeSpan RedrawInterval = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan RecentRollback = TimeSpan.FromHours(1);

    public static Command Create(Func<ParseResult, AgentPaths> paths)
    {
        var output = OutputOption.Create();
        var watch = new Option<bool>("--watch", "-w") { Description = "show every change until Ctrl+C" };
        var verbose = VerboseOption.Create("show every condition, also healthy ones");
        var wait = WaitOption();
        var timeout = TimeoutOption();
        var command = new Command("status", "Show whether this VM is attached, and what to do if not.")
        {
            output, watch, verbose, wait, timeout,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(watch) && result.GetResult(wait) is not null)
                result.AddError("--watch and --wait cannot be combined");
            else if (result.GetResult(timeout) is { Implicit: false } && result.GetResult(wait) is null)
                result.AddError("--timeout needs --wait; for example: smm-agent status --wait --timeout 2m");
        });
        command.SetAction((parsed, cancel) => RunAsync(
            paths(parsed),
            new StatusOptions(OutputOption.Format(parsed, output), parsed.GetValue(watch), parsed.GetValue(verbose))
            {
                Style = OutputStyle.FromConsole(),
                Wait = parsed.GetResult(wait) is null ? null : WaitTarget.Parse(parsed.GetValue(wait)).Value,
                Timeout = DurationText.Parse(parsed.GetRequiredValue(timeout))!.Value,
            },
            Console.Out,
            Console.Error,
            TimeProvider.System,
            cancel));
        return command;
    }

    private static Option<string?> WaitOption()
    {
        var option = new Option<string?>("--wait")
        {
            Description = "wait for ATTACHED, or for a condition",
            HelpName = "CONDITION",
            Arity = ArgumentArity.ZeroOrOne,
        };
        option.Validators.Add(result =>
        {
            if (result.Tokens is [var token, ..] && WaitTarget.Parse(token.Value).Reason is { } reason)
                result.AddError($"--wait: {reason}");
        });
        return option;
    }

    private static Option<string> TimeoutOption()
    {
        var option = new Option<string>("--timeout")
        {
            Description = "how long to wait", HelpName = "DURATION", DefaultValueFactory = _ => DefaultTimeout,
        };
        option.Validators.Add(result =>
        {
            if (result.Tokens is [var token, ..] && DurationText.Parse(token.Value) is null)
                result.AddError($"--timeout: {DurationText.Refusal(token.Value)}");
        });
        return option;
    }

    // The wait ends with the output of the status.
    private static async Task<int> WaitAsync(
        AgentPaths paths, StatusOptions options, WaitTarget target, TextWriter output, TextWriter error, TimeProvider time,
        CancellationToken cancel)
    {
        var start = time.GetUtcNow();
        using var changes = new StatusChanges(paths.Status, time);
        await changes.ListenAsync();
        while (true)
        {
            var change = changes.Next;
            var reading = StatusReader.Read(paths.Status);
            var now = time.GetUtcNow();
            var fresh = reading.Status is { } status && now - status.UpdatedAt <= StatusReader.StaleAfter ? status : null;
            var isReached = fresh is not null && target.IsReached(fresh);
            if (isReached || now - start >= options.Timeout)
            {
                Show(paths, reading, options, output, error, now);
                if (!isReached)
                {
                    var state = fresh is null ? "the daemon does not run" : target.Describe(fresh);
                    await error.WriteAsync(
                        CommandError.Format($"timed out after {options.Timeout.TotalSeconds:0}s: {state}", see: null, options.Style.Width));
                }

                return isReached ? ExitCode.Done : ExitCode.Timeout;
            }

            await changes.WaitAsync(change, options.Timeout - (now - start), cancel);
        }
    }

    /// <returns>
    /// 0 while the daemon runs, 1 when it does not or its status is stale; for a wait, 0 when the target is reached, 5 after the timeout.
    /// </returns>
    public static async Task<int> RunAsync(
        AgentPaths paths, StatusOptions options, TextWriter output, TextWriter error, TimeProvider time, CancellationToken cancel)
    {
        if (options.Wait is { } target)
            return await WaitAsync(paths, options, target, output, error, time, cancel);
        if (!options.Watch)
            return Show(paths, StatusReader.Read(paths.Status), options, output, error, time.GetUtcNow());

        var code = ExitCode.Failed;
        var shown = "";
        byte[]? content = null;
        using var changes = new StatusChanges(paths.Status, time);
        await changes.ListenAsync();
        try
        {
            while (true)
            {
                var change = changes.Next;
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
                await changes.WaitAsync(change, options.Style.HasColour ? RedrawInterval : StatusReader.StaleAfter, cancel);
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
        if (options.Format == PrintFormat.Text)
        {
            output.Write(new StatusText(status, options.Host, now, options.Style, options.Verbose)
            {
                Notes = Notes(paths, now),
                StaleReason = stale,
            }.Write());
            return stale is null ? ExitCode.Done : ExitCode.Failed;
        }

        output.Write(StructuredText.Format(content!, options.Format));
        if (stale is not null)
            error.WriteLine(stale);
        return stale is null ? ExitCode.Done : ExitCode.Failed;
    }

    private static void ShowStopped(StoppedHost host, StatusOptions options, TextWriter output, DateTimeOffset now)
    {
        if (options.Format != PrintFormat.Text)
        {
            output.Write(StructuredText.Format(StatusJson.Write(host.Status), options.Format));
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
