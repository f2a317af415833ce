namespace SmmDashboard.Lifetime;

/// <summary>A cancellation token that ends after a time, or with another token.</summary>
public sealed class Deadline : IDisposable
{
    private readonly CancellationTokenSource _time;
    private readonly CancellationTokenSource _linked;

    public Deadline(TimeSpan time, TimeProvider clock, CancellationToken cancellationToken)
    {
        _time = new CancellationTokenSource(time, clock);
        _linked = CancellationTokenSource.CreateLinkedTokenSource(_time.Token, cancellationToken);
    }

    public CancellationToken Token => _linked.Token;

    public void Dispose()
    {
        _linked.Dispose();
        _time.Dispose();
    }
}
