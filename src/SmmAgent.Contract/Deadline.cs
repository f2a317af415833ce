namespace SmmAgent.Contract;

/// <summary>A cancellation token that is cancelled after a time, or with the token of the caller.</summary>
public sealed class Deadline : IDisposable
{
    private readonly CancellationTokenSource _time;
    private readonly CancellationTokenSource _linked;
    private readonly CancellationToken _caller;

    /// <summary>Starts the time.</summary>
    /// <param name="time">The time until the deadline.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="caller">The token of the caller.</param>
    public Deadline(TimeSpan time, TimeProvider clock, CancellationToken caller)
    {
        _caller = caller;
        _time = new CancellationTokenSource(time, clock);
        _linked = CancellationTokenSource.CreateLinkedTokenSource(_time.Token, caller);
    }

    /// <summary>The token to pass on.</summary>
    public CancellationToken Token => _linked.Token;

    /// <summary>Whether the time has passed and the caller did not cancel.</summary>
    public bool IsOver => _time.IsCancellationRequested && !_caller.IsCancellationRequested;

    /// <inheritdoc/>
    public void Dispose()
    {
        _linked.Dispose();
        _time.Dispose();
    }
}
