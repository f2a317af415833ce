using SmmAgent.Linux.Locks;

namespace SmmAgent.Linux.Tests.Locks;

public sealed class DaemonPresenceTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("smm-presence-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void SecondDaemonDetectsTheFirstUntilItEnds()
    {
        using (var first = DaemonPresence.Take(_folder.FullName))
        {
            using var second = DaemonPresence.Take(_folder.FullName);
            Assert.Equal((false, true), (first.IsTaken, second.IsTaken));
        }

        using var third = DaemonPresence.Take(_folder.FullName);
        Assert.False(third.IsTaken);
        Assert.Empty(_folder.EnumerateFileSystemInfos());
    }

    [Fact]
    public void MissingStateDirectoryMeansNoDaemon()
    {
        using var presence = DaemonPresence.Take(Path.Combine(_folder.FullName, "none"));

        Assert.False(presence.IsTaken);
    }
}
