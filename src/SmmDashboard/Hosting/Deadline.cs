namespace SmmDashboard.Hosting;

/// <summary>A cancellation token that is cancelled after a time, or with another token.</summary>
public sealed class Deadline : IDisposable
{
    private readonly CancellationTokenSource _time;
    private readonly CancellationTokenSource _linked;
    private readonly CancellationToken _other;

    public Deadline(TimeSpan time, TimeProvider clock, CancellationToken cancellationToken)
    {
        _other = cancellationToken;
        _time = new CancellationTokenSource(time, clock);
        _linked = CancellationTokenSource.CreateLinkedTokenSource(_time.Token, cancellationToken);
    }

    public CancellationToken Token => _linked.Token;

    /// <summary>Whether the time has passed and the other token was not cancelled.</summary>
    public bool IsOver => _time.IsCancellationRequested && !_other.IsCancellationRequested;

    public void Dispose()
    {
        _linked.Dispose();
        _time.Dispose();
    }
}
