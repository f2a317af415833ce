using System.Diagnostics;
using SmmAgent.Linux.Locks;

namespace SmmAgent.Linux.Tests.Locks;

public sealed class AgentLockTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("smm-agent-test-");

    private string LockFile => Path.Combine(_folder.FullName, "lock");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task LockHasOneHolderAtATime()
    {
        var (first, _) = await Lock().AcquireAsync(TimeSpan.Zero, Cancel);
        var (second, reason) = await Lock().AcquireAsync(TimeSpan.Zero, Cancel);

        Assert.NotNull(first);
        Assert.Null(second);
        Assert.Contains($"another smm-agent has held {LockFile}", reason, StringComparison.Ordinal);

        var waiting = Lock().AcquireAsync(TimeSpan.FromMinutes(1), Cancel);
        first.Dispose();
        using var third = (await waiting).Held;
        Assert.NotNull(third);
    }

    [Fact]
    public async Task LockIsReleasedWhenItsHolderIsKilled()
    {
        using var holder = Process.Start(new ProcessStartInfo("flock", ["-o", LockFile, "sh", "-c", "echo held; read line"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        Assert.Equal("held", await holder.StandardOutput.ReadLineAsync(Cancel));
        Assert.Null((await Lock().AcquireAsync(TimeSpan.Zero, Cancel)).Held);

        holder.Kill();
        await holder.WaitForExitAsync(Cancel);

        using var held = (await Lock().AcquireAsync(TimeSpan.Zero, Cancel)).Held;
        Assert.NotNull(held);
    }

    [Fact]
    public async Task FileThatCannotBeOpenedIsReportedWithTheReason()
    {
        var (held, reason) = await new AgentLock(Path.Combine(LockFile, "missing", "lock"), TimeProvider.System).AcquireAsync(
            TimeSpan.Zero, Cancel);

        Assert.Null(held);
        Assert.Contains("No such file or directory", reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task LockFileIsAccessibleToRootAndTheGroupOfTheDaemonOnly()
    {
        using var held = (await Lock().AcquireAsync(TimeSpan.Zero, Cancel)).Held;

        Assert.Equal(UnixFileMode.None,
            File.GetUnixFileMode(LockFile) & (UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.UserExecute));
    }

    private AgentLock Lock() => new(LockFile, TimeProvider.System);
}
