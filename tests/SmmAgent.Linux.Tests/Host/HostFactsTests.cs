using SmmAgent.Linux.Host;

namespace SmmAgent.Linux.Tests.Host;

public sealed class HostFactsTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("smm-facts-").FullName;

    private string OsRelease => Path.Combine(_root, "etc/os-release");

    public HostFactsTests() => Directory.CreateDirectory(Path.Combine(_root, "etc"));

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void SystemIsReadWhileAnotherUserLocksTheFile()
    {
        File.WriteAllText(OsRelease, "ID=ubuntu\nVERSION_ID=\"22.04\"\nPRETTY_NAME=\"Ubuntu 22.04\"\n");
        using var held = new FileStream(OsRelease, FileMode.Open, FileAccess.Read, FileShare.None); // flock, as flock(1) does

        Assert.Equal(("ubuntu", "22.04", "Ubuntu 22.04"),
            (HostFacts.Release(_root).Id, HostFacts.Release(_root).VersionId, HostFacts.Release(_root).PrettyName));
    }

    [Fact]
    public void EndlessFileIsNotRead()
    {
        File.CreateSymbolicLink(OsRelease, "/dev/zero");

        Assert.Equal("linux", HostFacts.Release(_root).Id);
    }
}
