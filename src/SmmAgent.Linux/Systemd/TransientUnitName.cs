namespace SmmAgent.Linux.Systemd;

/// <summary>The name of a transient unit. systemd forgets a stopped unit a little later, and until then its name is taken.</summary>
internal static class TransientUnitName
{
    private static readonly TimeSpan BetweenTries = TimeSpan.FromMilliseconds(50);

    private static readonly TimeSpan ForgetTime = TimeSpan.FromSeconds(5);

    /// <summary>Starts the unit, and tries again while its name is taken.</summary>
    public static async Task RetryUntilFreeAsync(
        Func<Task> start, Func<IOException, bool> isTaken, TimeProvider time, CancellationToken cancel)
    {
        var began = time.GetTimestamp();
        while (true)
        {
            try
            {
                await start();
                return;
            }
            catch (IOException exception) when (isTaken(exception) && time.GetElapsedTime(began) < ForgetTime)
            {
                await Task.Delay(BetweenTries, time, cancel);
            }
        }
    }
}
