namespace SmmDashboard.Hosting;

/// <summary>Permits one log line of a kind per minute and counts the others, so that a client cannot fill the log.</summary>
public sealed class LogLimiter(TimeProvider clock)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private long? _passedAt;
    private long _withheld;

    /// <param name="withheld">The number of lines withheld since the last permitted one.</param>
    /// <returns>Whether to log now.</returns>
    public bool TryAcquire(out long withheld)
    {
        lock (_lock)
        {
            withheld = _withheld;
            if (_passedAt is { } at && clock.GetElapsedTime(at) < Interval)
            {
                _withheld++;
                return false;
            }

            (_passedAt, _withheld) = (clock.GetTimestamp(), 0);
            return true;
        }
    }
}
