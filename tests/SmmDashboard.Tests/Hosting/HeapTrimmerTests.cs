using Microsoft.Extensions.Time.Testing;
using SmmDashboard.Hosting;

namespace SmmDashboard.Tests.Hosting;

public sealed class HeapTrimmerTests
{
    [Fact]
    public async Task HeapIsCollectedAfterItHasGrown()
    {
        var clock = new FakeTimeProvider();
        using var trimmer = new HeapTrimmer(clock, new BackgroundFailure(null!));
        await trimmer.StartAsync(TestContext.Current.CancellationToken);
        var garbage = Enumerable.Range(0, 64).Select(_ => new byte[1024 * 1024]).ToList();
        var before = GC.GetGCMemoryInfo(GCKind.FullBlocking).Index;

        await Until.TrueAsync(
            () =>
            {
                clock.Advance(TimeSpan.FromSeconds(10));
                return GC.GetGCMemoryInfo(GCKind.FullBlocking).Index > before;
            },
            "the heap is collected");
        Assert.Equal(64, garbage.Count);
        await trimmer.StopAsync(TestContext.Current.CancellationToken);
    }
}
