namespace SmmDashboard.Hosting;

/// <summary>Lets one log line of a kind pass in a minute, and counts the others: a client must not fill the log.</summary>
public sealed class LogLimiter(TimeProvider clock)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private long? _passedAt;
    private long _withheld;

    /// <param name="withheld">How many lines were withheld since the last one that passed.</param>
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
