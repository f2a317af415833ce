using SmmAgent.Linux.Host;

namespace SmmAgent.Linux.Tests.Host;

public sealed class ProcessMemoryTests
{
    [Fact]
    public void PrivateMemoryIsAPartOfTheResidentMemory() =>
        Assert.InRange(ProcessMemory.PrivateBytes(), 1024 * 1024, Environment.WorkingSet);

    [Fact]
    public void GrowthIsPrivateMemory()
    {
        const int size = 64 * 1024 * 1024;
        var before = ProcessMemory.PrivateBytes();
        var pages = GC.AllocateUninitializedArray<byte>(size, pinned: true);
        pages.AsSpan().Fill(1);

        // Other tests use memory of the same process.
        Assert.InRange(ProcessMemory.PrivateBytes() - before, size / 2, 4L * size);
        GC.KeepAlive(pages);
    }

    [Fact]
    public async Task EveryCollectionIsReported()
    {
        var reports = 0;
        ProcessMemory.NotifyOnCollection(() => Interlocked.Increment(ref reports));

        for (var collection = 1; collection <= 3; collection++)
        {
            var before = Volatile.Read(ref reports);
            GC.Collect(0);
            await Until.TrueAsync(() => Volatile.Read(ref reports) > before, $"collection {collection} is reported");
        }
    }
}
