using System.Runtime.InteropServices;
using CsCheck;
using SmmAgent.Linux.Files;

namespace SmmAgent.Linux.Tests.Files;

public sealed partial class FileTransactionTests : IDisposable
{
    private readonly GuardedRoot _root = new();

    private SafeFileSystem Files => _root.Files;

    public void Dispose() => _root.Dispose();

    [Fact]
    public void FilesAreUnchangedBeforeTheCommit()
    {
        _root.Write("/etc/old", "old");
        using (var files = Files.Begin())
        {
            files.Stage("/etc/old", "new"u8, "root", GuardedRoot.Public);
            files.Stage("/etc/certs/new", "new"u8, GuardedRoot.Other, GuardedRoot.Private);
            Assert.Equal("old", Files.Read("/etc/old", 10).Content);
            Assert.False(Files.Exists("/etc/certs/new"));
            files.Commit();
        }

        Assert.Equal("new", Files.Read("/etc/old", 10).Content);
        Assert.Equal("new", Files.Read("/etc/certs/new", 10).Content);
        Assert.Equal(["certs", "old"], _root.Names("/etc"));
        Assert.Equal(["new"], _root.Names("/etc/certs"));
    }

    [Fact]
    public void StagedFilesAreRemovedWithoutACommit()
    {
        using (var files = Files.Begin())
        {
            files.Stage("/etc/one", "x"u8, "root", GuardedRoot.Public);
            files.Stage("/etc/two", "x"u8, "root", GuardedRoot.Public);
        }

        Assert.Equal(["certs"], _root.Names("/etc"));
    }

    [Fact]
    public void FileHasOwnerAndModeFromItsCreation()
    {
        using var files = Files.Begin();
        files.Stage("/etc/certs/secret", "x"u8, GuardedRoot.Other, GuardedRoot.Private);
        files.Stage("/run/open", "x"u8, "root", GuardedRoot.Public | UnixFileMode.GroupWrite); // for every umask

        var staged = Assert.Single(Directory.GetFiles(_root.Below("/etc/certs")));
        Assert.Matches(@"/\.secret\.smm-agent-[0-9a-f]{16}$", staged);
        Assert.Equal(FileOwner.Named(GuardedRoot.Other, null, ""), FileOwner.Read(staged));
        Assert.Equal(GuardedRoot.Private, File.GetUnixFileMode(staged));
        files.Commit();
        Assert.Equal(GuardedRoot.Public | UnixFileMode.GroupWrite, File.GetUnixFileMode(_root.Below("/run/open")));
    }

    [Fact]
    public void FileOfTheSameOwnerKeepsItsGroup()
    {
        File.WriteAllText(_root.Below("/etc/hosts"), "x");
        GuardedRoot.Run("chown", "0:54321", _root.Below("/etc/hosts"));

        _root.Write("/etc/hosts", "y");

        Assert.Equal(new FileOwner(0, 54321), FileOwner.Read(_root.Below("/etc/hosts")));
    }

    [Fact]
    public void FilesOfAKilledWriterAreRemovedByTheNextTransaction()
    {
        var killed = Files.Begin(); // never disposed, as a killed process
        killed.Stage("/etc/one", "x"u8, "root", GuardedRoot.Public);
        string[] others = [".one.smm-agent-0123", ".two.smm-agent-0123456789abcdeF", "x.smm-agent-0123456789abcdef",
            ".smm-agent-0123456789abcdef"];
        foreach (var name in others)
            File.WriteAllText(_root.Below($"/etc/{name}"), "");
        Assert.Single(_root.Names("/etc"), name => name.StartsWith(".one.smm-agent-", StringComparison.Ordinal) && name.Length == 31);

        using var files = Files.Begin();
        files.Stage("/etc/two", "x"u8, "root", GuardedRoot.Public);
        files.Stage("/etc/three", "x"u8, "root", GuardedRoot.Public);
        files.Commit();

        Assert.Equal(((string[])[.. others, "certs", "two", "three"]).Order(), _root.Names("/etc"));
    }

    [Fact]
    public void FullDiskLeavesAllFilesUnchanged()
    {
        using var disk = new SmallDisk(_root.Below("/run/secrets"));
        _root.Write("/etc/one", "old");
        _root.Write("/run/secrets/two", "old");
        using (var files = Files.Begin())
        {
            files.Stage("/etc/one", "new"u8, "root", GuardedRoot.Public);
            Assert.Equal(
                "/run/secrets/two cannot be written: No space left on device; free space on this disk",
                Assert.Throws<IOException>(() => files.Stage("/run/secrets/two", new byte[100_000], "root", GuardedRoot.Public)).Message);
        }

        Assert.Equal("old", Files.Read("/etc/one", 10).Content);
        Assert.Equal("old", Files.Read("/run/secrets/two", 10).Content);
        Assert.Equal(["two"], _root.Names("/run/secrets"));
        Assert.Equal(["certs", "one"], _root.Names("/etc"));
    }

    [Fact]
    public void MountedFileIsWrittenInPlace()
    {
        using var mount = new FileMount(_root, "127.0.0.1 localhost\n");

        _root.Write("/etc/hosts", "short", mode: GuardedRoot.Private);
        Assert.Equal("short", File.ReadAllText(mount.Source));
        _root.Write("/etc/hosts", "127.0.0.1 localhost and more\n");

        Assert.Equal("127.0.0.1 localhost and more\n", File.ReadAllText(mount.Source));
        Assert.Equal(GuardedRoot.Public, File.GetUnixFileMode(mount.Source));
        Assert.Equal(["certs", "hosts"], _root.Names("/etc"));
    }

    [Fact]
    public void FullMountKeepsItsContent()
    {
        using var disk = new SmallDisk(_root.Below("/run/secrets"));
        using var mount = new FileMount(_root, "old", "/run/secrets/source");
        using var files = Files.Begin();
        files.Stage("/etc/other", "new"u8, "root", GuardedRoot.Public);
        files.Stage("/etc/hosts", new byte[100_000], "root", GuardedRoot.Public);

        Assert.Equal(
            "/etc/hosts cannot be written: No space left on device; free space on this disk (already replaced: /etc/other)",
            Assert.Throws<IOException>(files.Commit).Message);

        Assert.Equal("old", File.ReadAllText(mount.Source));
        files.Dispose();
        Assert.Equal(["certs", "hosts", "other"], _root.Names("/etc"));
    }

    [Fact]
    public void FolderThatReplacesTheFileBeforeTheCommitIsReported()
    {
        using var files = Files.Begin();
        files.Stage("/etc/one", "x"u8, "root", GuardedRoot.Public);
        Directory.CreateDirectory(_root.Below("/etc/one"));

        Assert.Equal("/etc/one cannot be replaced: Is a directory", Assert.Throws<IOException>(files.Commit).Message);
    }

    [Fact]
    public void MissingTargetFolderIsReported()
    {
        using var files = Files.Begin();

        Assert.Equal(
            "/none/file cannot be written: its folder is missing",
            Assert.Throws<DirectoryNotFoundException>(() => files.Stage("/none/file", "x"u8, "root", GuardedRoot.Public)).Message);
    }

    // A kernel without SELinux keeps the label all the same.
    [Fact]
    public void ReplacedFileKeepsItsSecurityLabel()
    {
        var path = _root.Below("/etc/hosts");
        File.WriteAllText(path, "x");
        var label = "system_u:object_r:net_conf_t:s0\0"u8;
        Assert.SkipUnless(Set(path, "security.selinux", label, (nuint)label.Length, 0) == 0, "this file system keeps no security labels");

        _root.Write("/etc/hosts", "y");

        var kept = new byte[100];
        Assert.Equal(label.Length, Get(path, "security.selinux", kept, (nuint)kept.Length));
        Assert.Equal(label, kept.AsSpan(0, label.Length));
        Assert.Equal("y", File.ReadAllText(path));
    }

    [Fact]
    public void RandomTransactionsMatchTheModel()
    {
        string[] paths = ["/etc/a", "/etc/b", "/etc/certs/a", "/run/c"];
        var step = Gen.Select(Gen.Int[0, 5], Gen.Int[0, paths.Length - 1], Gen.Byte.Array[0, 20]);
        step.Array[0, 25].Sample(
            steps =>
            {
                foreach (var path in paths)
                    Files.Remove(path);
                var model = new Dictionary<string, byte[]>();
                var staged = new Dictionary<string, byte[]>();
                var files = Files.Begin();
                foreach (var (what, which, content) in steps)
                {
                    switch (what)
                    {
                        case 0:
                            files.Commit();
                            foreach (var (path, bytes) in staged)
                                model[path] = bytes;
                            staged.Clear();
                            break;
                        case 1:
                            files.Dispose();
                            files = Files.Begin();
                            staged.Clear();
                            break;
                        default:
                            files.Stage(paths[which], content, "root", GuardedRoot.Public);
                            staged[paths[which]] = content;
                            break;
                    }

                    foreach (var path in paths)
                        Assert.Equal(model.GetValueOrDefault(path) is { } bytes ? Convert.ToHexString(bytes) : null,
                            Hex(Files.Read(path, 100).Content));
                }

                files.Dispose();
                Assert.Equal(model.Keys.Order(), paths.Where(Files.Exists).Order());
                Assert.DoesNotContain(_root.Names("/etc").Concat(_root.Names("/etc/certs")).Concat(_root.Names("/run")),
                    name => name.StartsWith('.'));
            },
            iter: 200,
            threads: 1);
    }

    private static string? Hex(string? latin) => latin is null ? null : Convert.ToHexString(System.Text.Encoding.Latin1.GetBytes(latin));

    [LibraryImport("libc", EntryPoint = "setxattr", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Set(string path, string name, ReadOnlySpan<byte> value, nuint size, int flags);

    [LibraryImport("libc", EntryPoint = "getxattr", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint Get(string path, string name, Span<byte> value, nuint size);

    /// <summary>/etc/hosts as a container has it.</summary>
    private sealed class FileMount : IDisposable
    {
        private readonly string _hosts;

        public FileMount(GuardedRoot root, string content, string source = "/run/source")
        {
            (Source, _hosts) = (root.Below(source), root.Below("/etc/hosts"));
            File.WriteAllText(Source, content);
            File.WriteAllText(_hosts, "");
            GuardedRoot.Run("mount", "--bind", Source, _hosts);
        }

        public string Source { get; }

        public void Dispose() => GuardedRoot.Run("umount", "--lazy", _hosts);
    }
}
