using SmmAgent.Core.Text;
using SmmAgent.Host;

namespace SmmAgent.Tests.Host;

public sealed class ProgressTests
{
    [Fact]
    public async Task AWaitIsPrintedOnceWithoutATerminal()
    {
        await using var output = new StringWriter();
        var work = new TaskCompletionSource();
        string[] doing = ["", "downloading x", "waiting for apt-get (process 7)", "waiting for apt-get (process 7)", "installing x"];
        var calls = 0;

        var waiting = new Progress(output, colour: false).WhileAsync(
            () =>
            {
                if (calls / 2 == doing.Length - 1)
                    work.TrySetResult();
                return doing[Math.Min(calls++ / 2, doing.Length - 1)];
            },
            work.Task,
            TimeProvider.System);
        await waiting;

        Assert.Equal("! waiting for apt-get (process 7)\n", output.ToString());
    }

    [Fact]
    public void NextCommandsAreOneALineAndMessagesFitTheTerminal()
    {
        using var output = new StringWriter();
        var progress = new Progress(output, new OutputStyle(Width: 40));

        progress.Failed("the value is not valid, because it has a blank; for example: sudo smm-agent set node-ip auto");
        progress.Next("sudo smm-agent check", "sudo smm-agent reconcile --confirm-within 120s");

        Assert.Equal(
            """
            ✗ the value is not valid, because it has
              a blank; for example:
              sudo smm-agent set node-ip auto
            ❯ next: sudo smm-agent check
                    sudo smm-agent reconcile --confirm-within 120s

            """,
            output.ToString());
    }

    [Fact]
    public void AClosedTerminalDoesNotEndTheWork()
    {
        var output = new StreamWriter(new GoneStream()) { AutoFlush = true };
        var progress = new Progress(output, colour: true);

        progress.Done("done");
        progress.Failed("failed");

        Assert.True(progress.HasFailed);
    }

    [Theory]
    [InlineData(20)]
    [InlineData(80)]
    public async Task SpinnerNeverExceedsTheTerminalAndAChangeOfReasonIsANewLine(int columns)
    {
        var output = await SpinAsync(
            new OutputStyle(HasColour: true, Width: columns),
            $"waiting for 日本 {new string('x', 200)}", "waiting for 日本 again", "waiting for another program 1",
            "waiting for another program 2",
            "downloading x", "installing x");

        var lines = output.Split('\n');
        Assert.All(
            lines.SelectMany(line => line.Split('\r')),
            frame => Assert.True(DisplayWidth.Of(frame.Replace("\e[K", "", StringComparison.Ordinal)) < columns, frame));
        // Each reason once: not for a number that counts, and not for the agent's own work.
        Assert.Equal(3, lines.Length - 1);
        Assert.Contains("\e[36m❯\e[0m waiting for 日", lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task SpinnerIsAsciiWithoutUtf8() =>
        Assert.True(System.Text.Ascii.IsValid(
            await SpinAsync(new OutputStyle(HasColour: true, IsUtf8: false), "waiting for x", "waiting for ünï")));

    // Each phase lasts for two frames.
    private static async Task<string> SpinAsync(OutputStyle style, params string[] phases)
    {
        await using var output = new StringWriter { NewLine = "\n" };
        var work = new TaskCompletionSource();
        var calls = 0;
        await new Progress(output, style).WhileAsync(
            () =>
            {
                if (calls / 2 == phases.Length - 1)
                    work.TrySetResult();
                return phases[Math.Min(calls++ / 2, phases.Length - 1)];
            },
            work.Task,
            TimeProvider.System);
        return output.ToString();
    }

    private sealed class GoneStream : MemoryStream
    {
        public override void Write(ReadOnlySpan<byte> buffer) => throw new IOException("Input/output error");

        public override void Write(byte[] buffer, int offset, int count) => throw new IOException("Input/output error");

    }
}
