using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using SmmDashboard.DialBack;
using SmmDashboard.Groups;
using SmmDashboard.Tests.Running;

namespace SmmDashboard.Tests.DialBack;

public sealed class DialSchedulerTests : IDisposable
{
    private static readonly GroupId Silent = new("ns", "silent");
    private static readonly GroupId Other = new("ns", "other");
    private readonly FakeTimeProvider _clock = new();
    private readonly LogLines _log = new();
    private readonly ILoggerFactory _loggers = LoggerFactory.Create(_ => { });
    private readonly DialScheduler _turns;

    public DialSchedulerTests()
    {
        _loggers.AddProvider(_log);
        _turns = new DialScheduler(_clock, new Logger<DialScheduler>(_loggers));
    }

    [Fact]
    public async Task GroupOfSilentVmsDelaysOtherGroupByOneConnection()
    {
        // All connections are in use, and the maximum number of dial-backs waits.
        var silent = Enumerable.Range(0, 200).Select(_ => EnterAsync(Silent, 4)).ToList();
        Assert.Equal(16, silent.Count(turn => turn.IsCompletedSuccessfully && turn.Result));
        Assert.Equal(200 - 16 - 32, silent.Count(turn => turn.IsCompletedSuccessfully && !turn.Result));
        var other = EnterAsync(Other, 4);
        Assert.False(other.IsCompleted);

        // The dial-back is next and gets all of its connections.
        for (var i = 0; i < 3; i++)
            _turns.Leave(Silent);
        Assert.False(other.IsCompleted);
        _turns.Leave(Silent);
        Assert.True(await Until.DoneAsync(other, "the other group has its turn"));
        Assert.Contains("dial-backs of ns/silent with 429", Assert.Single(_log.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task WaitIsAtMostFiveSeconds()
    {
        Assert.True(await EnterAsync(Silent, 64));
        var waiting = EnterAsync(Other, 1);
        _clock.Advance(TimeSpan.FromSeconds(4.9));
        Assert.False(waiting.IsCompleted);
        _clock.Advance(TimeSpan.FromSeconds(0.1));
        Assert.False(await Until.DoneAsync(waiting, "the wait is over"));

        // The cancelled dial-back has left the queue, so free connections go to others.
        _turns.Leave(Silent);
        Assert.True(await EnterAsync(Other, 1));
    }

    [Fact]
    public async Task CancelledDialBackReturnsConnections()
    {
        Assert.True(await EnterAsync(Silent, 60));
        using var gone = new CancellationTokenSource();
        var large = _turns.TryEnterAsync(Other, 16, gone.Token);
        var small = EnterAsync(Other, 4);
        Assert.False(small.IsCompleted);
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => large);
        Assert.True(await Until.DoneAsync(small, "the one behind it has its turn"));
        for (var i = 0; i < 64; i++)
            _turns.Leave(i < 60 ? Silent : Other);
        Assert.True(await EnterAsync(Other, 64));
    }

    public void Dispose() => _loggers.Dispose();

    private Task<bool> EnterAsync(GroupId group, int ports) => _turns.TryEnterAsync(group, ports, TestContext.Current.CancellationToken);
}
