namespace SmmDashboard.Hosting;

/// <summary>Permits a number of log lines of a kind per minute and counts the others, so that a client cannot fill the log.</summary>
public sealed class LogLimiter(TimeProvider clock, int perMinute = 1)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private long? _begunAt;
    private int _passed;
    private long _withheld;

    /// <param name="withheld">The number of lines withheld since the last permitted one.</param>
    /// <returns>Whether to log now.</returns>
    public bool TryAcquire(out long withheld)
    {
        lock (_lock)
        {
            withheld = _withheld;
            if (_begunAt is not { } at || clock.GetElapsedTime(at) >= Interval)
                (_begunAt, _passed) = (clock.GetTimestamp(), 0);

            if (_passed >= perMinute)
            {
                _withheld++;
                return false;
            }

            (_passed, _withheld) = (_passed + 1, 0);
            return true;
        }
    }
}
