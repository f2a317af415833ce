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
    public void AClosedTerminalDoesNotEndTheWork()
    {
        var output = new StreamWriter(new GoneStream()) { AutoFlush = true };
        var progress = new Progress(output, colour: true);

        progress.Done("done");
        progress.Failed("failed");

        Assert.True(progress.HasFailed);
    }

    private sealed class GoneStream : MemoryStream
    {
        public override void Write(ReadOnlySpan<byte> buffer) => throw new IOException("Input/output error");

        public override void Write(byte[] buffer, int offset, int count) => throw new IOException("Input/output error");

    }
}
