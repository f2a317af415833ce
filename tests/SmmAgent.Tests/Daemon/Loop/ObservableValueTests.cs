using SmmAgent.Daemon.Loop;

namespace SmmAgent.Tests.Daemon.Loop;

public sealed class ObservableValueTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ChangeSignalsEveryReader()
    {
        var state = new ObservableValue<string>("old");
        Signal[] readers = [new(), new()];
        foreach (var reader in readers)
            state.NotifyOnChange(reader);

        state.Publish("new");

        Assert.Equal("new", state.Value);
        foreach (var reader in readers)
            Assert.True(await reader.WaitAsync(TimeSpan.Zero, TimeProvider.System, Cancel));
    }

    [Fact]
    public async Task EqualValueSignalsNoReader()
    {
        var state = new ObservableValue<string>("same");
        var reader = new Signal();
        state.NotifyOnChange(reader);

        state.Publish(string.Concat("sa", "me"));

        Assert.False(await reader.WaitAsync(TimeSpan.Zero, TimeProvider.System, Cancel));
    }

    [Fact]
    public async Task SignalIsClearedByTheWaitThatItEnds()
    {
        var wake = new Signal();
        wake.Set();
        wake.Set();

        Assert.True(await wake.WaitAsync(TimeSpan.Zero, TimeProvider.System, Cancel));
        Assert.False(await wake.WaitAsync(TimeSpan.Zero, TimeProvider.System, Cancel));
    }
}
