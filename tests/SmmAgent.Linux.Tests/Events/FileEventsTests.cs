using System.Globalization;
using System.Runtime.InteropServices;
using SmmAgent.Linux.Events;
using SmmAgent.Linux.Files;

namespace SmmAgent.Linux.Tests.Events;

public sealed partial class FileEventsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void AFileThatIsReplacedAtomicallyIsReported()
    {
        File.WriteAllText(_folder.Path("agent.yaml"), "a");
        using var listener = Listen("agent.yaml");

        AtomicFile.Write(_folder.Path("agent.yaml"), "b", AtomicFile.Private);

        Assert.Equal(HostChange.Settings, listener.Next());
    }

    [Fact]
    public void AFileThatIsWrittenInPlaceIsReported()
    {
        File.WriteAllText(_folder.Path("agent.yaml"), "a");
        using var listener = Listen("agent.yaml");

        File.WriteAllText(_folder.Path("agent.yaml"), "b");

        Assert.Equal(HostChange.Settings, listener.Next());
    }

    [Fact]
    public void AFileThatIsRemovedIsReported()
    {
        File.WriteAllText(_folder.Path("agent.yaml"), "a");
        using var listener = Listen("agent.yaml");

        File.Delete(_folder.Path("agent.yaml"));

        Assert.Equal(HostChange.Settings, listener.Next());
    }

    [Fact]
    public void AChangeOfModeIsReported()
    {
        File.WriteAllText(_folder.Path("bearer-token"), "a");
        using var listener = Listen("bearer-token");

        File.SetUnixFileMode(_folder.Path("bearer-token"), AtomicFile.Public);

        Assert.Equal(HostChange.Settings, listener.Next());
    }

    [Fact]
    public void ADirectoryThatDoesNotExistYetIsWaitedForLevelByLevel()
    {
        using var listener = Listen("etc/smm/agent.yaml");

        Directory.CreateDirectory(_folder.Path("etc"));
        Assert.Equal(HostChange.Settings, listener.Next());
        Directory.CreateDirectory(_folder.Path("etc/smm"));
        Assert.Equal(HostChange.Settings, listener.Next());
        File.WriteAllText(_folder.Path("etc/smm/agent.yaml"), "a");
        Assert.Equal(HostChange.Settings, listener.Next());
    }

    [Fact]
    public void ADirectoryThatIsReplacedIsFollowed()
    {
        Directory.CreateDirectory(_folder.Path("smm"));
        Directory.CreateDirectory(_folder.Path("other"));
        using var listener = Listen("smm/agent.yaml");

        Directory.Move(_folder.Path("smm"), _folder.Path("old"));
        listener.Next();
        Directory.Move(_folder.Path("other"), _folder.Path("smm"));
        listener.Next();
        File.WriteAllText(_folder.Path("smm/agent.yaml"), "a");

        Assert.Equal(HostChange.Settings, listener.Next());
    }

    [Fact]
    public void ASymlinkThatIsSwappedIsReportedAndItsNewTargetIsFollowed()
    {
        Directory.CreateDirectory(_folder.Path("v1"));
        Directory.CreateDirectory(_folder.Path("v2"));
        Link("..data", "v1");
        Link("agent.yaml", "..data/agent.yaml");
        using var listener = Listen("agent.yaml");

        Link("..data_tmp", "v2");
        Assert.Equal(0, Rename(_folder.Path("..data_tmp"), _folder.Path("..data")));
        Assert.Equal(HostChange.Settings, listener.Next());
        File.WriteAllText(_folder.Path("v2/agent.yaml"), "b");

        Assert.Equal(HostChange.Settings, listener.Next());
    }

    [Fact]
    public void LinksThatGoInACircleAreNotFollowedForEver()
    {
        Link("a", "b");
        Link("b", "a");
        using var listener = Listen("a");

        File.Delete(_folder.Path("b"));

        Assert.Equal(HostChange.Settings, listener.Next());
    }

    [Fact]
    public void EveryFileInADirectoryIsReported()
    {
        using var listener = Listen("");

        File.WriteAllText(_folder.Path("any"), "a");

        Assert.Equal(HostChange.Settings, listener.Next());
    }

    [Fact]
    public void OtherFilesAndReadersAreNotReported()
    {
        File.WriteAllText(_folder.Path("agent.yaml"), "a");
        using var listener = Listen("agent.yaml");

        File.WriteAllText(_folder.Path("agent.yaml.tmp"), "a");
        _ = File.ReadAllText(_folder.Path("agent.yaml"));
        File.Delete(_folder.Path("agent.yaml"));

        Assert.Equal(HostChange.Settings, listener.Next());
        Assert.Equal(0, listener.Untaken);
    }

    [Fact]
    public void AnOverflowIsReportedAsAChange()
    {
        var limit = int.Parse(File.ReadAllText("/proc/sys/fs/inotify/max_queued_events"), CultureInfo.InvariantCulture);
        using var source = Source("agent.yaml");
        source.Open();
        // Only other names, so only the overflow causes an observation. No event equals the one before, so none are merged.
        for (var i = 0; i <= limit / 2; i++)
        {
            File.CreateSymbolicLink(_folder.Path("other"), "x");
            File.Delete(_folder.Path("other"));
        }

        Assert.Equal(HostChange.Settings, source.Drain());
        Assert.Equal(HostChange.None, source.Drain());
        File.WriteAllText(_folder.Path("agent.yaml"), "a");
        Assert.Equal(HostChange.Settings, source.Drain());
    }

    private FileEvents Source(string name) => new("file events", HostChange.Settings, _folder.Path(name));

    private Listener Listen(string name) => new(null, Source(name));

    private void Link(string name, string target) => File.CreateSymbolicLink(_folder.Path(name), target);

    // File.Move looks through the link.
    [LibraryImport("libc", EntryPoint = "rename", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Rename(string from, string to);
}
