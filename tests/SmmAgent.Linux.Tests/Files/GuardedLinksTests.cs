using SmmAgent.Core.Sidecar.Configuration;
using SmmAgent.Linux.Files;

namespace SmmAgent.Linux.Tests.Files;

/// <summary>
/// Root works in folders of a user who wants it to work elsewhere. The canary outside is asserted at the end of each test.
/// </summary>
public sealed class GuardedLinksTests : IDisposable
{
    private readonly GuardedRoot _root = new();

    private SafeFileSystem Files => _root.Files;

    public void Dispose() => _root.Dispose();

    public static TheoryData<string, Action<SafeFileSystem, string>> Works => new()
    {
        { "read", (files, path) => files.Read(path, 100) },
        { "exists", (files, path) => files.Exists(path) },
        { "changed", (files, path) => files.ChangedAt(path) },
        { "stage", (files, path) => files.Begin().Stage(path, "mine"u8, "root", GuardedRoot.Public) },
        { "protect", (files, path) => files.Protect(path, GuardedRoot.Other, GuardedRoot.Public) },
        { "remove", (files, path) => files.Remove(path) },
        { "folder", (files, path) => files.MakeFolder(path, GuardedRoot.Other, GuardedRoot.PublicFolder, corrects: true) },
        { "empty", (files, path) => files.RemoveFolderIfEmpty(path) },
        { "tree", (files, path) => files.RemoveTree(path) },
    };

    [Theory]
    [MemberData(nameof(Works), DisableDiscoveryEnumeration = true)]
    public void LinkOfAnotherUserOnThePathIsRefused(string work, Action<SafeFileSystem, string> act)
    {
        Assert.NotEmpty(work);
        GuardedRoot.AsOther(() => Directory.CreateSymbolicLink(_root.Below("/etc/certs/sub"), _root.Outside));
        GuardedRoot.AsOther(() => Directory.CreateSymbolicLink(_root.Below("/etc/certs/up"), "../../../outside"));

        Assert.Equal(
            "/etc/certs/sub/file is not touched: /etc/certs/sub is a symbolic link of nobody, and others than root may write to "
                + "/etc/certs or change "
            + "the way there; remove the link, or give the folders above it to root alone",
            Assert.Throws<InvalidDataException>(() => act(Files, "/etc/certs/sub/file")).Message);
        Assert.Throws<InvalidDataException>(() => act(Files, "/etc/certs/up/file"));
        Assert.Throws<InvalidDataException>(() => act(Files, "/etc/certs/sub/deeper/file"));
    }

    [Theory]
    [MemberData(nameof(Works), DisableDiscoveryEnumeration = true)]
    public void LinkAtTheEndIsNotFollowed(string work, Action<SafeFileSystem, string> act)
    {
        GuardedRoot.AsOther(() => File.CreateSymbolicLink(_root.Below("/etc/certs/file"), _root.Canary));

        var refusal = Record.Exception(() => act(Files, "/etc/certs/file"));

        Assert.Equal(work is "read" or "stage" or "protect" or "folder" ? typeof(InvalidDataException) : null, refusal?.GetType());
        Assert.Equal(work is not ("remove" or "tree"), _root.Names("/etc/certs").Contains("file"));
    }

    [Fact]
    public void LinksOfRootAreFollowedBelowTheRoot()
    {
        Directory.CreateSymbolicLink(_root.Below("/var/run"), "../run");
        Directory.CreateSymbolicLink(_root.Below("/var/absolute"), "/run");
        Directory.CreateSymbolicLink(_root.Below("/var/high"), "../../../../run");

        _root.Write("/var/run/secrets/token", "t");

        Assert.Equal("t", File.ReadAllText(_root.Below("/run/secrets/token")));
        Assert.Equal("t", Files.Read("/var/absolute/secrets/token", 10).Content);
        Assert.Equal("t", Files.Read("/var/high/secrets/token", 10).Content);
    }

    [Theory]
    [InlineData("chmod", "g+w")]
    [InlineData("chmod", "o+wt")]
    [InlineData("chown", GuardedRoot.Other)]
    public void LinkOfRootIsNotFollowedWhereOtherUsersMayReplaceIt(string command, string change)
    {
        Directory.CreateSymbolicLink(_root.Below("/var/run"), "/run");
        GuardedRoot.Run(command, change, _root.Below("/var"));

        Assert.Throws<InvalidDataException>(() => Files.Read("/var/run/file", 10));
    }

    [Fact]
    public void LinkOfRootIsNotFollowedInAFolderThatOtherUsersMayMove()
    {
        Directory.CreateDirectory(_root.Below("/etc/certs/roots"));
        Directory.CreateSymbolicLink(_root.Below("/etc/certs/roots/link"), "/run");

        Assert.Throws<InvalidDataException>(() => Files.Read("/etc/certs/roots/link/file", 10));
    }

    [Fact]
    public void CircularLinksAreRefused()
    {
        Directory.CreateSymbolicLink(_root.Below("/var/a"), "b");
        Directory.CreateSymbolicLink(_root.Below("/var/b"), "/var/a");

        Assert.Contains("more than 40 symbolic links", Assert.Throws<InvalidDataException>(() => Files.Read("/var/a/file", 10)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void LinkToAFileOfRootIsFollowed()
    {
        Directory.CreateDirectory(_root.Below("/etc/static"));
        _root.Write("/etc/static/hosts", "theirs");
        File.CreateSymbolicLink(_root.Below("/etc/first"), "static/hosts");
        File.CreateSymbolicLink(_root.Below("/etc/second"), "/etc/first");

        Assert.Equal(["/etc/static/hosts", "/etc/static/hosts", "/etc/static/hosts", "/etc/none"],
            new[] { "/etc/first", "/etc/second", "/etc/static/hosts", "/etc/none" }.Select(Files.Followed));
    }

    [Fact]
    public void LinkToAFileThatOtherUsersMayChangeIsRefusedWithTheFix()
    {
        Directory.CreateDirectory(_root.Below("/etc/static"));
        _root.Write("/etc/static/theirs", "x", owner: GuardedRoot.Other);
        _root.Write("/etc/static/open", "x", mode: GuardedRoot.Public | UnixFileMode.OtherWrite);
        GuardedRoot.AsOther(() => File.WriteAllText(_root.Below("/etc/certs/planted"), "x"));
        Assert.StartsWith("/etc/link is a symbolic link to /etc/static/theirs of nobody, ", Refused("static/theirs"),
            StringComparison.Ordinal);
        Assert.EndsWith(": sudo cp --remove-destination /etc/static/open /etc/link", Refused("static/open"), StringComparison.Ordinal);
        Assert.EndsWith(": sudo cp --remove-destination /etc/certs/planted /etc/link", Refused("/etc/certs/planted"),
            StringComparison.Ordinal);
        Assert.EndsWith("or which is no file; make it a file of its own: sudo cp --remove-destination /run /etc/link", Refused("/run"),
            StringComparison.Ordinal);
        Directory.CreateDirectory(_root.Below("/opt"));
        _root.Write("/opt/hosts", "x");
        Assert.Equal(
            "/etc/link is a symbolic link to /opt/hosts, outside of /etc, /var and /run; make it a file of its own: sudo cp "
                + "--remove-destination /opt/hosts /etc/link", Refused("/opt/hosts"));
        Assert.Equal("/etc/link is a symbolic link that leads to no file: sudo rm /etc/link", Refused("/nowhere"));

        string Refused(string target)
        {
            File.Delete(_root.Below("/etc/link"));
            File.CreateSymbolicLink(_root.Below("/etc/link"), target);
            return Assert.Throws<InvalidDataException>(() => Files.Followed("/etc/link")).Message;
        }
    }

    [Theory]
    [InlineData("etc/hosts")]
    [InlineData("/etc/../run/x")]
    [InlineData("/etc//hosts")]
    [InlineData("/")]
    [InlineData("")]
    public void InvalidPathIsRefused(string path) => Assert.Throws<ArgumentException>(() => Files.Read(path, 10));

    [Fact]
    public void FolderReplacedByALinkBetweenStageAndCommitIsNotFollowed()
    {
        GuardedRoot.Run("chown", GuardedRoot.Other, _root.Below("/etc"));
        using (var files = Files.Begin())
        {
            files.Stage("/etc/certs/file", "new"u8, "root", GuardedRoot.Public);
            files.Stage("/etc/certs/other", "new"u8, "root", GuardedRoot.Public);
            GuardedRoot.AsOther(() =>
            {
                Directory.Move(_root.Below("/etc/certs"), _root.Below("/etc/moved"));
                Directory.CreateSymbolicLink(_root.Below("/etc/certs"), _root.Outside);
            });
            files.Commit();
        }

        Assert.Equal(["file", "other"], _root.Names("/etc/moved"));
        Assert.Throws<InvalidDataException>(() => Files.Read("/etc/certs/file", 10));
    }

    [Fact]
    public void HardLinkToAFileElsewhereIsRefused()
    {
        GuardedRoot.Run("ln", _root.Canary, _root.Below("/etc/certs/file"));

        Assert.EndsWith(
            "/etc/certs/file is a file of root that has another name elsewhere (a hard link); remove it",
            Assert.Throws<InvalidDataException>(() => Files.Read("/etc/certs/file", 10)).Message,
            StringComparison.Ordinal);
        Assert.Throws<InvalidDataException>(() => Files.Protect("/etc/certs/file", GuardedRoot.Other, GuardedRoot.Public));
        Assert.Throws<InvalidDataException>(() => _root.Write("/etc/certs/file", "x"));
        Files.Remove("/etc/certs/file");
        Assert.Equal(FoundFile.Missing, Files.Read("/etc/certs/file", 10));
    }

    [Fact]
    public async Task SpecialFileIsRefusedImmediately()
    {
        GuardedRoot.Run("mkfifo", _root.Below("/etc/certs/fifo"));
        GuardedRoot.Run("mknod", _root.Below("/etc/certs/device"), "c", "1", "5"); // /dev/zero
        using var socket = new System.Net.Sockets.Socket(System.Net.Sockets.AddressFamily.Unix, System.Net.Sockets.SocketType.Stream, 0);
        socket.Bind(new System.Net.Sockets.UnixDomainSocketEndPoint(_root.Below("/etc/certs/socket")));
        foreach (var path in (string[])["/etc/certs/fifo", "/etc/certs/device", "/etc/certs/socket"])
        {
            foreach (var act in (Action[])[
                () => Files.Read(path, 10), () => Files.Protect(path, "root", GuardedRoot.Public), () => _root.Write(path, "x")])
            {
                var acting = Task.Run(act, TestContext.Current.CancellationToken);
                await Assert.ThrowsAsync<InvalidDataException>(
                    () => acting.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
            }
        }

        Assert.Equal(["device", "fifo", "socket"], _root.Names("/etc/certs"));
    }
}
