namespace SmmAgent.Core.Firewall.Planning;

/// <summary>How fast repairs may follow each other, so that two managers of one firewall do not keep a machine busy.</summary>
/// <remarks>
/// The first repair comes at once, one within two seconds of the last after a quarter of a second, and from the fortieth in a minute on
/// every 30 s.
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
    private bool _fighting;

    /// <summary>Whether so many repairs were needed lately that somebody must be undoing them.</summary>
    public bool IsInConflict(DateTimeOffset now)
    {
        while (_repairs.TryPeek(out var oldest) && now - oldest >= Window)
            _repairs.Dequeue();

        // Repairs every 30 s are few; the fight lasts until a repair has held for a minute.
        _fighting = _repairs.Count >= MaximumPerMinute || (_fighting && _last is { } last && now - last < Window);
        return _fighting;
    }

    public void Repaired(DateTimeOffset now)
    {
        _repairs.Enqueue(now);
        _last = now;
    }

    /// <summary>How long to wait before the next look, and with it the next repair.</summary>
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
