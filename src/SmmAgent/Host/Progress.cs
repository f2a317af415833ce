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

    private const string Indent = "  ";

    private static readonly TimeSpan FrameTime = TimeSpan.FromMilliseconds(100);

    public Progress(TextWriter output, bool colour)
        : this(output, new OutputStyle(colour))
    {
    }

    /// <summary>The columns of the terminal, which may change while a spinner is shown; null for no limit.</summary>
    public Func<int?> Columns { get; init; } = () => style.Width;

    /// <summary>Where the lines are collected for programs; null to print them.</summary>
    public ICollection<ProgressLine>? Lines { get; init; }

    public void Done(string what) => Line(ProgressKind.Done, "32", "✓", what);

    public void Warn(string what) => Line(ProgressKind.Warning, "33", "!", what);

    public void Failed(string what)
    {
        HasFailed = true;
        Line(ProgressKind.Failure, "31", "✗", what);
    }

    /// <summary>Whether a failure was printed.</summary>
    public bool HasFailed { get; private set; }

    /// <summary>A line of a plan: nothing was done.</summary>
    /// <param name="part">The part of the host that the step changes.</param>
    public void Would(string what, string part = ProgressLine.Agent) => Line(ProgressKind.Step, "36", "❯", what, part);

    /// <summary>The commands that come next, one a line.</summary>
    public void Next(params IReadOnlyList<string> commands)
    {
        const string Lead = "next: ";
        Would(Lead + commands[0]);
        foreach (var command in commands.Skip(1))
            Write($"{Indent}{new string(' ', Lead.Length)}{command}{output.NewLine}");
    }

    /// <summary>A value that this user may not read.</summary>
    public void Unreadable(string what) => Line(ProgressKind.Warning, "90", "?", what);

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

    /// <summary>Collects the lines and prints nothing.</summary>
    public static Progress Collected(ICollection<ProgressLine> lines) => new(TextWriter.Null, new OutputStyle()) { Lines = lines };

    public static Progress OnConsole() => new(Console.Out, OutputStyle.FromConsole()) { Columns = TerminalSize.Columns };

    // Lines contain text from other programs; escape sequences must not reach the terminal.
    private void Line(ProgressKind kind, string code, string mark, string what, string part = ProgressLine.Agent)
    {
        var text = OneLine.ReplaceUnprintable(what);
        if (Lines is not null)
            Lines.Add(new(kind, part, text));
        else
        {
            var lines = TextWrap.Lines(style.HasColour ? $"\e[{code}m{mark}\e[0m " : $"{mark} ", Indent, text, Columns());
            Write((style.HasColour ? "\r\e[K" : "") + string.Concat(lines.Select(line => line + output.NewLine)));
        }
    }

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
