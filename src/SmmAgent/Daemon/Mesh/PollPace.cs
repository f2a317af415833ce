namespace SmmAgent.Daemon.Mesh;

/// <summary>Limits the request rate if the dashboard answers every long poll at once.</summary>
/// <remarks>A burst of changes is followed at full speed; continuous answers are limited to one request in <see cref="Refill"/>.</remarks>
internal sealed class PollPace(TimeProvider time)
{
    public const int Burst = 20;
    public static readonly TimeSpan Refill = TimeSpan.FromSeconds(5);

    private double _tokens = Burst;
    private long _since = time.GetTimestamp();

    /// <summary>Counts a request.</summary>
    /// <returns>The time to wait before the next one.</returns>
    public TimeSpan Count()
    {
        var now = time.GetTimestamp();
        _tokens = Math.Min(Burst, _tokens + (time.GetElapsedTime(_since, now) / Refill)) - 1;
        _since = now;
        return _tokens >= 0 ? TimeSpan.Zero : Refill * -_tokens;
    }
}
