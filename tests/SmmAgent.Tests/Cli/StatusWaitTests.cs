using System.Threading.Channels;
using SmmAgent.Cli.Output;
using SmmAgent.Cli;

namespace SmmAgent.Tests.Cli;

/// <summary><c>smm-agent status --wait</c> and <c>--watch</c>.</summary>
public sealed class StatusWaitTests : StatusFixture
{
    [Fact]
    public async Task WaitEndsWhenTheConditionIsReached()
    {
        var waiting = RunAsync(Options() with { Wait = WaitTarget.Parse("ConfigCurrent").Value, Timeout = TimeSpan.FromSeconds(10) });
        Assert.False(waiting.IsCompleted);

        Write(Status());
        Time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(0, await waiting);
        Assert.StartsWith("DEGRADED", Output.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, null, "this VM is DEGRADED")]
    [InlineData(true, "PortsOpen", "PortsOpen is False (NotOpen)")]
    [InlineData(true, "Healthy", "Healthy is not known yet")]
    [InlineData(false, null, "the daemon does not run")]
    public async Task WaitThatTimesOutPrintsTheReason(bool isRunning, string? target, string reason)
    {
        if (isRunning)
            Write(Status());

        Assert.Equal(5, await RunAsync(Options() with { Wait = WaitTarget.Parse(target).Value, Timeout = TimeSpan.Zero }));
        Assert.Equal($"smm-agent: timed out after 0s: {reason}\n", Error.ToString());
    }

    [Theory]
    [InlineData("condition=registered", "Registered", "True")]
    [InlineData("PortsOpen=false", "PortsOpen", "False")]
    public void TargetOfAWaitIsWrittenAsForKubectl(string text, string condition, string status) =>
        Assert.Equal((new WaitTarget(condition, status), null), WaitTarget.Parse(text));

    [Theory]
    [InlineData("ATTACHED")]
    [InlineData("attached")]
    public void AttachedIsTheTargetWithoutACondition(string text) => Assert.Equal(WaitTarget.Parse(null), WaitTarget.Parse(text));

    // The time stands still: a change is shown because of its event.
    [Fact]
    public async Task WatchingShowsEveryChangeUntilItIsCancelled()
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        using var output = new FlushedWriter();
        var watching = StatusCommand.RunAsync(
            Paths, new StatusOptions(Format: PrintFormat.Json, Watch: true), output, Error, Time, cancel.Token);
        Assert.Contains("\"not-configured\"", await output.NextAsync(), StringComparison.Ordinal);

        Write(Status());
        Assert.Equal(3, (await output.NextAsync()).Split("\"updatedAt\"").Length);
        await cancel.CancelAsync();

        Assert.Equal(0, await watching);
    }

    [Fact]
    public async Task WatchingOnATerminalUpdatesTheAge()
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        using var output = new FlushedWriter();
        Write(Status());
        var watching = StatusCommand.RunAsync(
            Paths, Options() with { Watch = true, Style = new(HasColour: true) }, output, Error, Time, cancel.Token);
        Assert.Contains("updated 0s ago", await output.NextAsync(), StringComparison.Ordinal);

        var next = output.NextAsync();
        while (!next.IsCompleted)
        {
            Time.Advance(TimeSpan.FromSeconds(1));
            await Task.WhenAny(next, Task.Delay(20, cancel.Token));
        }

        Assert.Matches("updated [1-9][0-9]*s ago", await next);
        await cancel.CancelAsync();
        Assert.Equal(0, await watching);
    }

    /// <summary>Passes on what was written until each flush.</summary>
    private sealed class FlushedWriter : StringWriter
    {
        private readonly Channel<string> _flushed = Channel.CreateUnbounded<string>();

        public override Task FlushAsync(CancellationToken cancellationToken)
        {
            _flushed.Writer.TryWrite(ToString());
            return Task.CompletedTask;
        }

        public Task<string> NextAsync() => _flushed.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask()
            .WaitAsync(TimeSpan.FromSeconds(30));
    }
}
