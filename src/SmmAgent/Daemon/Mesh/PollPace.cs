namespace SmmAgent.Daemon.Mesh;

/// <summary>Keeps a dashboard that answers every long poll at once from making the agent spin.</summary>
/// <remarks>A burst of changes is followed at full speed; what goes on and on is slowed down to one request in <see cref="Refill"/>.</remarks>
internal sealed class PollPace(TimeProvider time)
{
    public const int Burst = 20;
    public static readonly TimeSpan Refill = TimeSpan.FromSeconds(5);

    private double _tokens = Burst;
    private long _since = time.GetTimestamp();

    /// <summary>Counts a request.</summary>
    /// <returns>How long to wait until the next one.</returns>
    public TimeSpan Count()
    {
        var now = time.GetTimestamp();
        _tokens = Math.Min(Burst, _tokens + (time.GetElapsedTime(_since, now) / Refill)) - 1;
        _since = now;
        return _tokens >= 0 ? TimeSpan.Zero : Refill * -_tokens;
    }
}
