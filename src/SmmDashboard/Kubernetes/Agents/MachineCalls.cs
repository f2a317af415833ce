using SmmDashboard.Http;

namespace SmmDashboard.Kubernetes.Agents;

/// <summary>Limits the calls to the Kubernetes API that agents cause at the same time.</summary>
internal sealed class MachineCalls : IDisposable
{
    /// <summary>How long a call waits for its turn, and after which time an agent repeats a call that failed.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private const int AtOnce = 20;

    private readonly SemaphoreSlim _turns = new(AtOnce);

    /// <exception cref="UnavailableException">Too many calls wait.</exception>
    public async Task<T> RunAsync<T>(Func<CancellationToken, Task<T>> call, CancellationToken cancellationToken)
    {
        if (!await _turns.WaitAsync(Patience, cancellationToken))
            throw new UnavailableException("the dashboard has too many agents to write at once", Patience);
        try
        {
            return await call(cancellationToken);
        }
        finally
        {
            _turns.Release();
        }
    }

    /// <exception cref="UnavailableException">Too many calls wait.</exception>
    public Task RunAsync(Func<CancellationToken, Task> call, CancellationToken cancellationToken) => RunAsync(
        async stop =>
        {
            await call(stop);
            return true;
        },
        cancellationToken);

    public void Dispose() => _turns.Dispose();
}
