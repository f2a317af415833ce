namespace SmmDashboard.Hosting;

/// <summary>Collects the heap after it has grown, and gives its memory back.</summary>
/// <remarks>
/// Held requests live long and end together at a change. Without this, the collector lets the heap grow to several times its content,
/// because it expects long-lived objects to live on.
/// </remarks>
internal sealed class HeapTrimmer(TimeProvider clock, BackgroundFailure failure) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    // A collection costs as much as there is content, so the growth that starts one is a share of it.
    private const int Share = 4;
    private const long Least = 16 * 1024 * 1024;

    private long _content;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                await Task.Delay(Interval, clock, stoppingToken);
                Trim();
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopping.
        }
        catch (Exception exception)
        {
            failure.Report(nameof(HeapTrimmer), exception);
        }
    }

    private void Trim()
    {
        if (GC.GetTotalMemory(forceFullCollection: false) < _content + Math.Max(Least, _content / Share))
            return;

        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        _content = GC.GetTotalMemory(forceFullCollection: false);
    }
}
