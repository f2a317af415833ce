using System.Globalization;
using System.Runtime.InteropServices;
using SmmAgent.Linux.Events;
using SmmAgent.Linux.Files;

namespace SmmAgent.Linux.Tests.Events;

public sealed partial class FileEventsTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void AFileThatIsReplacedAtomicallyIsReported()
    {
        File.WriteAllText(_folder["agent.yaml"], "a");
        using var listener = Listen("agent.yaml");

        AtomicFile.Write(_folder["agent.yaml"], "b", AtomicFile.Private);

        Assert.Equal(HostChange.Settings, listener.Next());
    }

    [Fact]
    public void AFileThatIsWrittenInPlaceIsReported()
    {
        File.WriteAllText(_folder["agent.yaml"], "a");
        using var listener = Listen("agent.yaml");

        File.WriteAllText(_folder["agent.yaml"], "b");

        Assert.Equal(HostChange.Settings, listener.Next());
    }

    [Fact]
    public void AFileThatIsRemovedIsReported()
    {
        File.WriteAllText(_folder["agent.yaml"], "a");
        using var listener = Listen("agent.yaml");

        File.Delete(_folder["agent.yaml"]);

        Assert.Equal(HostChange.Settings, listener.Next());
    }

    [Fact]
    public void AChangeOfModeIsReported()
    {
        File.WriteAllText(_folder["bearer-token"], "a");
        using var listener = Listen("bearer-token");

        File.SetUnixFileMode(_folder["bearer-token"], AtomicFile.Public);

        Assert.Equal(HostChange.Settings, listener.Next());
    }

    [Fact]
    public void ADirectoryThatDoesNotExistYetIsWaitedForLevelByLevel()
    {
        using var listener = Listen("etc/smm/agent.yaml");

        Directory.CreateDirectory(_folder["etc"]);
        Assert.Equal(HostChange.Settings, listener.Next());
        Directory.CreateDirectory(_folder["etc/smm"]);
        Assert.Equal(HostChange.Settings, listener.Next());
        File.WriteAllText(_folder["etc/smm/agent.yaml"], "a");
        Assert.Equal(HostChange.Settings, listener.Next());
    }

    [Fact]
    public void ADirectoryThatIsReplacedIsFollowed()
    {
        Directory.CreateDirectory(_folder["smm"]);
        Directory.CreateDirectory(_folder["other"]);
        using var listener = Listen("smm/agent.yaml");

        Directory.Move(_folder["smm"], _folder["old"]);
        listener.Next();
        Directory.Move(_folder["other"], _folder["smm"]);
        listener.Next();
        File.WriteAllText(_folder["smm/agent.yaml"], "a");

        Assert.Equal(HostChange.Settings, listener.Next());
    }

    [Fact]
    public void ASymlinkThatIsSwappedIsReportedAndItsNewTargetIsFollowed()
    {
        Directory.CreateDirectory(_folder["v1"]);
        Directory.CreateDirectory(_folder["v2"]);
        Link("..data", "v1");
        Link("agent.yaml", "..data/agent.yaml");
        using var listener = Listen("agent.yaml");

        Link("..data_tmp", "v2");
        Assert.Equal(0, Rename(_folder["..data_tmp"], _folder["..data"]));
        Assert.Equal(HostChange.Settings, listener.Next());
        File.WriteAllText(_folder["v2/agent.yaml"], "b");

        Assert.Equal(HostChange.Settings, listener.Next());
    }

    [Fact]
    public void LinksThatGoInACircleAreNotFollowedForEver()
    {
        Link("a", "b");
        Link("b", "a");
        using var listener = Listen("a");

        File.Delete(_folder["b"]);

        Assert.Equal(HostChange.Settings, listener.Next());
    }

    [Fact]
    public void EveryFileInADirectoryIsReported()
    {
        using var listener = Listen("");

        File.WriteAllText(_folder["any"], "a");

        Assert.Equal(HostChange.Settings, listener.Next());
    }

    [Fact]
    public void OtherFilesAndReadersAreNotReported()
    {
        File.WriteAllText(_folder["agent.yaml"], "a");
        using var listener = Listen("agent.yaml");

        File.WriteAllText(_folder["agent.yaml.tmp"], "a");
        _ = File.ReadAllText(_folder["agent.yaml"]);
        File.Delete(_folder["agent.yaml"]);

        Assert.Equal(HostChange.Settings, listener.Next());
        Assert.Equal(0, listener.Untaken);
    }

    [Fact]
    public void AnOverflowIsReportedAsAChange()
    {
        var limit = int.Parse(File.ReadAllText("/proc/sys/fs/inotify/max_queued_events"), CultureInfo.InvariantCulture);
        using var source = Source("agent.yaml");
        source.Open();
        // Only other names, so nothing but the overflow makes it look. No event equals the one before, so none are merged.
        for (var i = 0; i <= limit / 2; i++)
        {
            File.CreateSymbolicLink(_folder["other"], "x");
            File.Delete(_folder["other"]);
        }

        Assert.Equal(HostChange.Settings, source.Drain());
        Assert.Equal(HostChange.None, source.Drain());
        File.WriteAllText(_folder["agent.yaml"], "a");
        Assert.Equal(HostChange.Settings, source.Drain());
    }

    private FileEvents Source(string name) => new("file events", HostChange.Settings, _folder[name]);

    private Listener Listen(string name) => new(null, Source(name));

    private void Link(string name, string target) => File.CreateSymbolicLink(_folder[name], target);

    // File.Move looks through the link.
    [LibraryImport("libc", EntryPoint = "rename", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Rename(string from, string to);
}
