using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using SmmAgent.Linux.Locks;

namespace SmmAgent.Linux.Tests.Locks;

public sealed partial class ConfigLockTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("smm-lock-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task SecondHolderWaitsForTheFirstAndNoFileRemains()
    {
        var first = ConfigLock.Take(_folder.FullName, TimeSpan.FromSeconds(10), TimeProvider.System);
        var second = Task.Run(() => ConfigLock.Take(_folder.FullName, TimeSpan.FromMinutes(1), TimeProvider.System),
            TestContext.Current.CancellationToken);

        Assert.Throws<IOException>(() => ConfigLock.Take(_folder.FullName, TimeSpan.Zero, TimeProvider.System));
        Assert.False(second.IsCompleted);
        first.Dispose();
        (await second).Dispose();

        Assert.Empty(_folder.EnumerateFileSystemInfos());
    }

    // As in a process that another thread starts, which has copies of all descriptors until its exec.
    [Fact]
    public void ReleaseDoesNotWaitForACopyOfTheDescriptor()
    {
        var held = ConfigLock.Take(_folder.FullName, TimeSpan.Zero, TimeProvider.System);
        var number = new DirectoryInfo("/proc/self/fd").EnumerateFileSystemInfos()
            .First(descriptor => descriptor.LinkTarget == _folder.FullName).Name;
        using var copy = new SafeFileHandle(Duplicate(int.Parse(number, CultureInfo.InvariantCulture)), ownsHandle: true);

        held.Dispose();

        ConfigLock.Take(_folder.FullName, TimeSpan.Zero, TimeProvider.System).Dispose();
    }

    [Fact]
    public void TimeoutNamesTheFolder()
    {
        using var held = ConfigLock.Take(_folder.FullName, TimeSpan.Zero, TimeProvider.System);

        var refused = Assert.Throws<IOException>(
            () => ConfigLock.Take(_folder.FullName, TimeSpan.FromMilliseconds(30), TimeProvider.System));

        Assert.StartsWith($"another smm-agent has been changing {_folder.FullName}", refused.Message, StringComparison.Ordinal);
    }

    [LibraryImport("libc", EntryPoint = "dup", SetLastError = true)]
    private static partial int Duplicate(int descriptor);
}
