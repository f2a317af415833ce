using System.Diagnostics;
using SmmAgent.Linux.Locks;

namespace SmmAgent.Linux.Tests.Locks;

public sealed class LockHolderTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    private Process? _holder;

    public void Dispose()
    {
        _holder?.Kill(entireProcessTree: true);
        _holder?.Dispose();
        File.Delete(_file);
    }

    [Fact]
    public async Task HolderOfAPackageManagerLockIsNamed()
    {
        Assert.Null(LockHolder.FindForRecordLock(_file));
        var holder = Start(
            "perl", "-MFcntl", "-e",
            "$0 = 'upgrader'; open my $f, '+<', $ARGV[0] or die; my $l = pack('s s x4 q q i x4', F_WRLCK, 0, 0, 0, 0); fcntl $f, F_SETLK, "
                + "$l or die $!; sleep 600", _file);

        await Until.TrueAsync(() => LockHolder.FindForRecordLock(_file) is not null, "the lock is held");

        Assert.Equal($"upgrader (process {holder.Id})", LockHolder.FindForRecordLock(_file));
        Assert.Null(LockHolder.FindForFileLock(_file));
    }

    [Fact]
    public async Task HolderOfTheAgentLockIsNamed()
    {
        var holder = Start("flock", _file, "sleep", "600");

        await Until.TrueAsync(() => LockHolder.FindForFileLock(_file) is not null, "the lock is held");

        Assert.Contains($"(process {holder.Id})", LockHolder.FindForFileLock(_file), StringComparison.Ordinal);
        Assert.Null(LockHolder.FindForRecordLock(_file));
        Assert.Null(LockHolder.FindForRecordLock(_file + ".missing"));
        Assert.Null(LockHolder.FindForFileLock(_file + ".missing"));
    }

    private Process Start(params string[] command) => _holder = Process.Start(new ProcessStartInfo(command[0], command[1..]))!;
}
