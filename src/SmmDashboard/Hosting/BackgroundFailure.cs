namespace SmmDashboard.Hosting;

/// <summary>The first fault of a background service: it ends the process, and becomes the reason for its exit code.</summary>
public sealed class BackgroundFailure(IHostApplicationLifetime lifetime)
{
    private string? _first;

    /// <summary>Which service failed and why; null while all is well.</summary>
    public string? First => Volatile.Read(ref _first);

    public void Report(string service, Exception exception)
    {
        Interlocked.CompareExchange(ref _first, $"{service}: {exception}", null);
        lifetime.StopApplication();
    }
}
