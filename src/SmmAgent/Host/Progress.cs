using SmmAgent.Contract;
using SmmAgent.Core.Planning;
using SmmAgent.Core.Text;
using SmmAgent.Linux.Host;

namespace SmmAgent.Host;

/// <summary>Prints the progress lines of a command in the format of the runbooks: a mark, the step, details.</summary>
internal sealed class Progress(TextWriter output, OutputStyle style)
{
    private const string Frames = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏";
    private const string AsciiFrames = "|/-\\";

    // The spinner and a space; the last column stays free, because a terminal may begin a new line after it.
    private const int SpinnerColumns = 3;

    private static readonly TimeSpan FrameTime = TimeSpan.FromMilliseconds(100);

    public Progress(TextWriter output, bool colour)
        : this(output, new OutputStyle(colour))
    {
    }

    /// <summary>The columns of the terminal, which may change while a spinner is shown; null for no limit.</summary>
    public Func<int?> Columns { get; init; } = () => style.Width;

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
        if (!style.HasColour)
            return;

        var frames = style.IsUtf8 ? Frames : AsciiFrames;
        var shown = "";
        for (var frame = 0; !work.IsCompleted; frame = (frame + 1) % frames.Length)
        {
            var now = OneLine.ReplaceUnprintable(what());
            if (IsReason(shown) && Phase(now) != Phase(shown))
                Write($"\r{style.Mark('❯')} {Limited(shown)}\e[K{output.NewLine}");
            shown = now;
            Write($"\r\e[36m{frames[frame]}\e[0m {Limited(shown)}\e[K");
            await Task.WhenAny(work, Task.Delay(FrameTime, time, CancellationToken.None));
        }

        Write("\r\e[K");
    }

    // A line that is wider than the terminal would be wrapped, and each frame would leave a part of it on the screen.
    private string Limited(string text) => Columns() is { } columns ? DisplayWidth.Limit(text, columns - SpinnerColumns) : text;

    // What was waited for stays on the screen when it changes. The phases of the agent's own work do not, because a line of the result
    // follows.
    private static bool IsReason(string text) => text.StartsWith("wait", StringComparison.Ordinal);

    // A number that counts is not another phase.
    private static string Phase(string text) => string.Concat(text.Where(c => !char.IsAsciiDigit(c)));

    // Without a spinner, one line is printed when the work begins to wait for another program.
    private async Task ReportWaitsAsync(Func<string> what, Task work)
    {
        for (var last = ""; !style.HasColour && !work.IsCompleted;)
        {
            if (what() is var now && now != last && now.StartsWith("waiting for ", StringComparison.Ordinal))
                Warn(now);
            last = what();
            await Task.WhenAny(work, Task.Delay(FrameTime, TimeProvider.System, CancellationToken.None));
        }
    }

    public static Progress OnConsole() => new(Console.Out, OutputStyle.FromConsole()) { Columns = TerminalSize.Columns };

    // Lines contain text from other programs; escape sequences must not reach the terminal.
    private void Line(string code, string mark, string what) =>
        Write((style.HasColour ? $"\r\e[K\e[{code}m{mark}\e[0m " : $"{mark} ") + OneLine.ReplaceUnprintable(what) + output.NewLine);

    // The terminal may be gone after the end of the session; the work continues.
    private void Write(string text)
    {
        try
        {
            output.Write(style.Encode(text));
            output.Flush();
        }
        catch (IOException)
        {
            // The output is closed.
        }
    }
}
