using System.Runtime.InteropServices;
using SmmAgent.Linux.Host;

namespace SmmAgent.Linux.Tests.Host;

public sealed class ProcessMemoryTests
{
    [Fact]
    public void PrivateMemoryIsAPartOfTheResidentMemory() =>
        Assert.InRange(ProcessMemory.PrivateBytes(), 1024 * 1024, Environment.WorkingSet);

    [Fact]
    public unsafe void GrowthIsPrivateMemory()
    {
        // Larger than the largest block that malloc takes from memory that it has already: new pages, which other tests did not use.
        const int size = 64 * 1024 * 1024;
        var before = ProcessMemory.PrivateBytes();
        var pages = NativeMemory.Alloc(size);
        new Span<byte>(pages, size).Fill(1);
        var after = ProcessMemory.PrivateBytes();
        NativeMemory.Free(pages);

        Assert.InRange(after - before, size / 2, 2L * size);
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
