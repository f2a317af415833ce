namespace SmmAgent.Linux.Network;

/// <summary>A token that ends with the caller's, or when the time is over; afterwards one can tell which.</summary>
internal sealed class Deadline : IDisposable
{
    private readonly CancellationTokenSource _time;
    private readonly CancellationTokenSource _both;
    private readonly CancellationToken _caller;

    public Deadline(TimeSpan timeout, TimeProvider time, CancellationToken caller)
    {
        _caller = caller;
        _time = new CancellationTokenSource(timeout, time);
        _both = CancellationTokenSource.CreateLinkedTokenSource(_time.Token, caller);
    }

    public CancellationToken Token => _both.Token;

    /// <summary>Whether the time is over, and the caller did not cancel.</summary>
    public bool IsOver => _time.IsCancellationRequested && !_caller.IsCancellationRequested;

    public void Dispose()
    {
        _both.Dispose();
        _time.Dispose();
    }
}
