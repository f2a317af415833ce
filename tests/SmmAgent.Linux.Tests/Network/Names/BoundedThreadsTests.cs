using SmmAgent.Linux.Network.Names;

namespace SmmAgent.Linux.Tests.Network.Names;

public sealed class BoundedThreadsTests
{
    private readonly BoundedThreads _threads = new("test", 2);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task WorkAboveTheLimitWaitsForAThread()
    {
        using var gate = new ManualResetEventSlim();
        var (running, most) = (0, 0);
        var all = Enumerable.Range(0, 8).Select(number => _threads.RunAsync(
            () =>
            {
                InterlockedMax(ref most, Interlocked.Increment(ref running));
                gate.Wait(Cancel);
                Interlocked.Decrement(ref running);
                return number;
            },
            Cancel)).ToList();

        Assert.True(_threads.AreBusy);
        gate.Set();

        Assert.Equal(Enumerable.Range(0, 8), await Task.WhenAll(all));
        Assert.InRange(most, 1, 2);
        Assert.False(_threads.AreBusy);
    }

    [Fact]
    public async Task CancelledCallerNeitherFreesARunningThreadNorTakesOneWhileWaiting()
    {
        using var gate = new ManualResetEventSlim();
        using var impatient = new CancellationTokenSource();
        var isRun = false;
        Task[] all = [Block(), Block(), _threads.RunAsync(() => isRun = true, impatient.Token)];

        await impatient.CancelAsync();
        foreach (var task in all)
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => task);
        Assert.True(_threads.AreBusy);

        gate.Set();
        Assert.Equal(7, await _threads.RunAsync(() => 7, Cancel));
        Assert.False(isRun);

        Task Block() => _threads.RunAsync(
            () =>
            {
                gate.Wait(Cancel);
                return 0;
            },
            impatient.Token);
    }

    [Fact]
    public async Task FailureReachesTheCallerAndFreesTheThread()
    {
        foreach (var _ in Enumerable.Range(0, 3))
            await Assert.ThrowsAsync<InvalidOperationException>(
                () => _threads.RunAsync<int>(() => throw new InvalidOperationException("a test's"), Cancel));
    }

    private static void InterlockedMax(ref int most, int value)
    {
        for (var seen = most; seen < value && Interlocked.CompareExchange(ref most, value, seen) != seen; seen = most)
        {
        }
    }
}
