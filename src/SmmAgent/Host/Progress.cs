using SmmAgent.Contract;
using SmmAgent.Core.Planning;
using SmmAgent.Logging;

namespace SmmAgent.Host;

/// <summary>Prints the progress lines of a command in the format of the runbooks: a mark, the step, details.</summary>
internal sealed class Progress(TextWriter output, bool colour)
{
    private const string Frames = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏";
    private static readonly TimeSpan FrameTime = TimeSpan.FromMilliseconds(100);

    public void Done(string what) => Line("32", "✓", what);

    public void Warn(string what) => Line("33", "!", what);

    public void Failed(string what)
    {
        HasFailed = true;
        Line("31", "✗", what);
    }

    /// <summary>Whether a failure was printed.</summary>
    public bool HasFailed { get; private set; }

    /// <summary>A line of a plan: nothing was done.</summary>
    public void Would(string what) => Line("36", "❯", what);

    /// <summary>A value that this user may not read.</summary>
    public void Unreadable(string what) => Line("90", "?", what);

    /// <summary>Prints the result of each step.</summary>
    /// <returns>Whether all are done.</returns>
    public bool Steps(IReadOnlyList<StepResult> results)
    {
        foreach (var result in results)
        {
            if (result.Outcome == StepOutcome.Done)
                Done($"{result.Step}");
            else
                Failed($"{result.Step}: {result.Reason}");
        }

        return results.All(result => result.Outcome == StepOutcome.Done);
    }

    /// <summary>
    /// Shows a spinner on a terminal until the work is complete. The caller must still await the work, for its result and exceptions.
    /// </summary>
    public Task WhileAsync(string what, Task work, TimeProvider time) => WhileAsync(() => what, work, time);

    /// <summary>The same for work with several phases.</summary>
    /// <param name="what">Returns the current phase.</param>
    public async Task WhileAsync(Func<string> what, Task work, TimeProvider time)
    {
        await ReportWaitsAsync(what, work);
        for (var frame = 0; colour && !work.IsCompleted; frame = (frame + 1) % Frames.Length)
        {
            Write($"\r\e[36m{Frames[frame]}\e[0m {OneLine.ReplaceUnprintable(what())}\e[K");
            await Task.WhenAny(work, Task.Delay(FrameTime, time, CancellationToken.None));
        }

        if (colour)
            Write("\r\e[K");
    }

    // Without a spinner, one line is printed when the work begins to wait for another program.
    private async Task ReportWaitsAsync(Func<string> what, Task work)
    {
        for (var last = ""; !colour && !work.IsCompleted;)
        {
            if (what() is var now && now != last && now.StartsWith("waiting for ", StringComparison.Ordinal))
                Warn(now);
            last = what();
            await Task.WhenAny(work, Task.Delay(FrameTime, TimeProvider.System, CancellationToken.None));
        }
    }

    public static Progress OnConsole() => new(Console.Out, IsTerminal);

    /// <summary>Whether to print colours and a spinner: on a terminal with TERM.</summary>
    public static bool IsTerminal => LogTarget.IsColourful(!Console.IsOutputRedirected, Environment.GetEnvironmentVariable);

    // Lines contain text from other programs; escape sequences must not reach the terminal.
    private void Line(string code, string mark, string what) =>
        Write((colour ? $"\r\e[K\e[{code}m{mark}\e[0m " : $"{mark} ") + OneLine.ReplaceUnprintable(what) + output.NewLine);

    // The terminal may be gone after the end of the session; the work continues.
    private void Write(string text)
    {
        try
        {
            output.Write(text);
            output.Flush();
        }
        catch (IOException)
        {
            // The output is closed.
        }
    }
}
