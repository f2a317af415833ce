namespace SmmAgent.Linux.Systemd;

/// <summary>The name of a transient unit: one that was stopped is forgotten a little later, and until then its name is taken.</summary>
internal static class TakenName
{
    private static readonly TimeSpan BetweenTries = TimeSpan.FromMilliseconds(50);

    private static readonly TimeSpan ForgetTime = TimeSpan.FromSeconds(5);

    /// <summary>Starts the unit, as often as it takes.</summary>
    public static async Task UntilFreeAsync(Func<Task> start, Func<IOException, bool> isTaken, TimeProvider time, CancellationToken cancel)
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
