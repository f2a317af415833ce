namespace SmmDashboard.Hosting;

/// <summary>The first failure of a background service. It stops the process and determines the exit code.</summary>
public sealed class BackgroundFailure(IHostApplicationLifetime lifetime)
{
    private string? _first;

    /// <summary>The service that failed, and the reason; null when no service has failed.</summary>
    public string? First => Volatile.Read(ref _first);

    public void Report(string service, Exception exception)
    {
        Interlocked.CompareExchange(ref _first, $"{service}: {exception}", null);
        lifetime.StopApplication();
    }
}
