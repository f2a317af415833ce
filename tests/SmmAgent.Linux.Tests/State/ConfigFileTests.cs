using SmmAgent.Linux.Files;
using SmmAgent.Linux.State;

namespace SmmAgent.Linux.Tests.State;

public sealed class ConfigFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("smm-config-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void GroupIsFoundByItsNameAndAnUnknownOneIsNot()
    {
        Assert.Equal(0u, FileOwner.WithGroup("root")!.Value.Group);
        Assert.Null(FileOwner.WithGroup("no-such-group-here"));
    }

    [Fact]
    public void NewFileBelongsToTheGroupOfTheDaemonIfItExists()
    {
        var file = new ConfigFile(Path.Combine(_folder, "etc", "smm", "agent.yaml"));
        file.Write("a"u8);

        var owner = FileOwner.Read(file.Path);
        Assert.Equal(FileOwner.WithGroup(ConfigFile.DaemonGroup) ?? owner, owner);
        Assert.Equal(owner, FileOwner.Read(Path.GetDirectoryName(file.Path)!));
        Assert.False(file.IsOpenToAll);
        Assert.Equal([file.Path], Directory.GetFiles(Path.GetDirectoryName(file.Path)!));
    }

    [Fact]
    public void LinkIsFollowedAndKept()
    {
        var target = Path.Combine(_folder, "target");
        File.CreateSymbolicLink(Path.Combine(_folder, "link"), target);

        new ConfigFile(Path.Combine(_folder, "link")).Write("made"u8);
        new ConfigFile(Path.Combine(_folder, "link")).Write("changed"u8);

        Assert.Equal("changed", File.ReadAllText(target));
        Assert.Equal(target, new FileInfo(Path.Combine(_folder, "link")).LinkTarget);
    }

    [Fact]
    public void SecretIsNeverReadableByOtherUsers()
    {
        var path = Path.Combine(_folder, "secret");
        AtomicFile.Write(path, "old", AtomicFile.Public | UnixFileMode.GroupWrite);

        new ConfigFile(path).Write("new"u8, isSecret: true);

        Assert.Equal(AtomicFile.Private | UnixFileMode.GroupRead | UnixFileMode.GroupWrite, File.GetUnixFileMode(path));
    }
}
