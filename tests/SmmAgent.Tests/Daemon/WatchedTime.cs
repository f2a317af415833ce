using System.Threading.Channels;
using Microsoft.Extensions.Time.Testing;

namespace SmmAgent.Tests.Daemon;

/// <summary>A clock that only the test moves, and that records the timers.</summary>
internal sealed class WatchedTime() : FakeTimeProvider(new DateTimeOffset(2026, 1, 1, 12, 0, 0, TimeSpan.Zero))
{
    private readonly Channel<TimeSpan> _timers = Channel.CreateUnbounded<TimeSpan>();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = base.CreateTimer(callback, state, dueTime, period);
        _timers.Writer.TryWrite(dueTime);
        return timer;
    }

    /// <summary>Waits for the next timer that is no deadline of a call.</summary>
    public async Task<TimeSpan> NextWaitAsync(params TimeSpan[] deadlines)
    {
        while (true)
        {
            var due = await _timers.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask()
                .WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
            if (due > TimeSpan.Zero && !deadlines.Contains(due))
                return due;
        }
    }
}
