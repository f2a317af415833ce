namespace SmmAgent.Core.Firewall.Planning;

/// <summary>Limits the rate of repairs, so that two managers of one firewall do not keep a machine busy.</summary>
/// <remarks>
/// The first repair runs at once. A repair within two seconds of the last one waits a quarter of a second. From the fortieth repair in a
/// minute on there is one every 30 s.
/// </remarks>
public sealed class RepairPacing
{
    public const int MaximumPerMinute = 40;

    public static readonly TimeSpan ShortPause = TimeSpan.FromMilliseconds(250);
    public static readonly TimeSpan CloseTogether = TimeSpan.FromSeconds(2);
    public static readonly TimeSpan ConflictPause = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    private readonly Queue<DateTimeOffset> _repairs = new();
    private DateTimeOffset? _last;
    private bool _isInConflict;

    /// <summary>Whether so many repairs were needed lately that another program must be reverting them.</summary>
    public bool IsInConflict(DateTimeOffset now)
    {
        while (_repairs.TryPeek(out var oldest) && now - oldest >= Window)
            _repairs.Dequeue();

        // Repairs every 30 s are few; the conflict lasts until a repair has held for a minute.
        _isInConflict = _repairs.Count >= MaximumPerMinute || (_isInConflict && _last is { } last && now - last < Window);
        return _isInConflict;
    }

    public void Repaired(DateTimeOffset now)
    {
        _repairs.Enqueue(now);
        _last = now;
    }

    /// <summary>The wait before the next observation, and with it the next repair.</summary>
    public TimeSpan WaitBefore(DateTimeOffset now)
    {
        if (_last is not { } last)
            return TimeSpan.Zero;
        if (IsInConflict(now))
            return Later(last + ConflictPause - now);

        return now - last < CloseTogether ? ShortPause : TimeSpan.Zero;
    }

    private static TimeSpan Later(TimeSpan wait) => wait > TimeSpan.Zero ? wait : TimeSpan.Zero;
}
