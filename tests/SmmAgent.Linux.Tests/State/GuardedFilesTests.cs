using System.Text;
using SmmAgent.Core.Sidecar;
using SmmAgent.Linux.State;

namespace SmmAgent.Linux.Tests.State;

public sealed class GuardedFilesTests : IDisposable
{
    private const UnixFileMode Group = GuardedRoot.Private | UnixFileMode.GroupRead;

    private readonly GuardedRoot _root = new();

    private GuardedFiles Files => _root.Files;

    public void Dispose() => _root.Dispose();

    [Fact]
    public void AFileIsSeenWithItsOwnerModeAndTime()
    {
        var path = _root.Below("/etc/certs/file");
        File.WriteAllBytes(path, [0x61, 0xE9, 0x00, 0xC3, 0xA9]);
        GuardedRoot.Run("chown", GuardedRoot.Other, path);
        File.SetUnixFileMode(path, Group);
        var time = new DateTime(2024, 5, 6, 7, 8, 9, DateTimeKind.Utc).AddTicks(1234567);
        File.SetLastWriteTimeUtc(path, time);

        Assert.Equal(new FoundFile("a\u00E9\0\u00C3\u00A9", "nobody", Group, time), Files.Look("/etc/certs/file", 5));
        Assert.EndsWith("\u00E9", Files.Look("/etc/certs/file", 5, Encoding.UTF8).Content, StringComparison.Ordinal);
        Assert.Equal(
            "/etc/certs/file is larger than 4 bytes", Assert.Throws<InvalidDataException>(() => Files.Look("/etc/certs/file", 4)).Message);
        Assert.InRange(Files.ChangedAt("/etc/certs/file")!.Value, TimeProvider.System.GetUtcNow().AddMinutes(-5), TimeProvider.System.GetUtcNow().AddMinutes(5));
    }

    [Fact]
    public void AWideLimitCostsNothingForASmallFile()
    {
        const int Limit = 32 * 1024 * 1024;
        File.WriteAllText(_root.Below("/etc/certs/file"), new string('x', 5000));
        var before = GC.GetAllocatedBytesForCurrentThread();

        Assert.Equal(5000, Files.Look("/etc/certs/file", Limit).Content!.Length);
        Assert.Equal(5000, AtomicFile.ReadLimited(_root.Below("/etc/certs/file"), Limit)!.Length);
        Assert.NotEmpty(AtomicFile.ReadLimited("/proc/self/status", Limit)!); // has no length
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, Limit / 32);
    }

    [Fact]
    public void WhatIsMissingIsNoFault()
    {
        Assert.Equal(FoundFile.Missing, Files.Look("/etc/certs/file", 5));
        Assert.Equal(FoundFile.Missing, Files.Look("/none/certs/file", 5));
        Assert.False(Files.Exists("/none/file"));
        Assert.Null(Files.ChangedAt("/none/file"));
        Files.Remove("/none/file");
        Files.Remove("/etc/file");
        Files.RemoveTree("/none/file");
        Files.RemoveTree("/etc/file");
        Files.RemoveFolderIfEmpty("/none/file");
        Files.RemoveFolderIfEmpty("/etc/file");
        Assert.Throws<FileNotFoundException>(() => Files.Protect("/etc/file", "root", Group));
    }

    [Fact]
    public void AFileIsMovedAndALinkInItsPlaceIsMovedAndNotFollowed()
    {
        File.WriteAllText(_root.Below("/etc/certs/file"), "x");
        Directory.CreateDirectory(_root.Below("/etc/certs/aside/full"));
        Files.Move("/etc/certs/file", "/etc/certs/aside");
        Assert.Equal("x", File.ReadAllText(_root.Below("/etc/certs/aside")));

        File.CreateSymbolicLink(_root.Below("/etc/certs/file"), _root.Canary);
        Files.Move("/etc/certs/file", "/etc/certs/aside");
        Files.Move("/etc/certs/none", "/etc/certs/other");
        Assert.Equal(["aside"], _root.Names("/etc/certs"));
        Assert.Equal(_root.Canary, new FileInfo(_root.Below("/etc/certs/aside")).LinkTarget);
    }

    [Fact]
    public void AFolderAndAFileInTheOthersPlaceAreNamed()
    {
        File.WriteAllText(_root.Below("/etc/file"), "");

        Assert.Equal("/etc/certs is a folder; remove it", Assert.Throws<IOException>(() => Files.Look("/etc/certs", 5)).Message);
        Assert.Equal(FoundFile.Missing, Files.Look("/etc/file/x", 5));
        Assert.Equal(
            "/etc/file/x cannot be reached: /etc/file of root is no folder; remove it",
            Assert.Throws<IOException>(() => Files.MakeFolder("/etc/file/x", "root", GuardedRoot.Public)).Message);
    }

    [Fact]
    public void AnOwnerThatTheHostHasNoNameForIsANumber()
    {
        File.WriteAllText(_root.Below("/etc/file"), "x");
        GuardedRoot.Run("chown", "54321", _root.Below("/etc/file"));

        Assert.Equal("54321", Files.Look("/etc/file", 5).Owner);
        _root.Write("/etc/file", "y", "54321");
        Assert.Equal(new FileOwner(54321, 0), FileOwner.Of(_root.Below("/etc/file")));
        Assert.Equal(
            "/etc/file cannot be given to no-such-user: this host has no such user; install the package that makes it",
            Assert.Throws<InvalidDataException>(() => Files.Protect("/etc/file", "no-such-user", Group)).Message);
    }

    [Fact]
    public void ATimeThatNoCalendarHasIsNoFault()
    {
        using var disk = new SmallDisk(_root.Below("/run/secrets")); // a tmpfs takes any time
        File.WriteAllText(_root.Below("/run/secrets/file"), "x");
        GuardedRoot.Run("touch", "-d", "@999999999999999", _root.Below("/run/secrets/file"));

        Assert.Equal(9999, Files.Look("/run/secrets/file", 5).Modified.Year);
    }

    // As the daemon, who may not read all that it looks at.
    [Fact]
    public void WhatMayNotBeReadIsToldFromWhatIsMissing()
    {
        _root.Write("/etc/secret", "x", mode: GuardedRoot.Private);
        _root.Write("/etc/open", "x");
        Directory.CreateSymbolicLink(_root.Below("/var/etc"), "/etc");
        Files.MakeFolder("/run/searched", "root", UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.OtherExecute);
        Files.MakeFolder("/run/shut", "root", UnixFileMode.UserRead | UnixFileMode.UserExecute);
        _root.Write("/run/searched/file", "y");
        _root.Write("/run/shut/file", "y");

        GuardedRoot.AsOther(() =>
        {
            Assert.Equal("x", Files.Look("/var/etc/open", 5).Content);
            Assert.Equal("y", Files.Look("/run/searched/file", 5).Content);
            Assert.Equal(FoundFile.Missing, Files.Look("/run/searched/none", 5));
            Assert.Equal("/etc/secret: Permission denied", Assert.Throws<UnauthorizedAccessException>(() => Files.Look("/etc/secret", 5)).Message);
            Assert.Throws<UnauthorizedAccessException>(() => Files.Look("/run/shut/file", 5));
            Assert.Throws<UnauthorizedAccessException>(() => Files.Exists("/run/shut/none"));
        });
    }

    [Fact]
    public void OwnerAndModeChangeAndTheContentStays()
    {
        _root.Write("/etc/certs/file", "x");

        Files.Protect("/etc/certs/file", GuardedRoot.Other, GuardedRoot.Private);
        var changed = Files.ChangedAt("/etc/certs/file");
        Files.Protect("/etc/certs/file", GuardedRoot.Other, GuardedRoot.Private);

        Assert.Equal(("x", "nobody", GuardedRoot.Private), Files.Look("/etc/certs/file", 5) is var found ? (found.Content, found.Owner, found.Mode) : default);
        Assert.Equal(changed, Files.ChangedAt("/etc/certs/file"));
    }

    [Fact]
    public void OfAMadeFolderThoseAboveAreRoots()
    {
        Files.MakeFolder("/var/lib/istio/envoy", GuardedRoot.Other, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        Files.MakeFolder("/var/lib/istio/envoy", "root", GuardedRoot.PublicFolder); // is there already

        Assert.Equal(new FileOwner(0, 0), FileOwner.Of(_root.Below("/var/lib/istio")));
        Assert.Equal(GuardedRoot.PublicFolder, File.GetUnixFileMode(_root.Below("/var/lib")));
        Assert.NotEqual(0u, FileOwner.Of(_root.Below("/var/lib/istio/envoy")).User);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserExecute, File.GetUnixFileMode(_root.Below("/var/lib/istio/envoy")));

        Files.MakeFolder("/var/lib/istio/envoy", "root", GuardedRoot.PublicFolder, corrects: true);

        Assert.Equal(0u, FileOwner.Of(_root.Below("/var/lib/istio/envoy")).User);
        Assert.Equal(GuardedRoot.PublicFolder, File.GetUnixFileMode(_root.Below("/var/lib/istio/envoy")));
    }

    [Fact]
    public void AFolderIsMadeWhereRootsLinkPointsAlready()
    {
        Directory.CreateSymbolicLink(_root.Below("/etc/istio"), "/var/lib/istio");

        Files.MakeFolder("/etc/istio/config", "root", GuardedRoot.PublicFolder);

        Assert.True(Directory.Exists(_root.Below("/var/lib/istio/config")));
    }

    [Fact]
    public void AFolderGoesOnlyWhenItIsEmpty()
    {
        File.WriteAllText(_root.Below("/etc/certs/file"), "x");
        Directory.CreateSymbolicLink(_root.Below("/var/link"), _root.Outside);

        Files.RemoveFolderIfEmpty("/etc/certs");
        Files.RemoveFolderIfEmpty("/etc/certs/file");
        Files.RemoveFolderIfEmpty("/var/link");
        Assert.True(Files.Exists("/etc/certs/file") && Files.Exists("/var/link"));

        Files.Remove("/etc/certs/file");
        Files.RemoveFolderIfEmpty("/etc/certs");
        Assert.False(Files.Exists("/etc/certs"));
    }

    [Fact]
    public void AFolderInAFilesPlaceIsNotRemoved()
    {
        Assert.Equal("/etc/certs cannot be removed: Is a directory", Assert.Throws<IOException>(() => Files.Remove("/etc/certs")).Message);
        Assert.True(Files.Exists("/etc/certs"));
    }

    [Fact]
    public void ATreeGoesWithoutItsLinksTargets()
    {
        GuardedRoot.AsOther(() =>
        {
            Directory.CreateDirectory(_root.Below("/etc/certs/a/b"));
            File.WriteAllText(_root.Below("/etc/certs/a/b/file"), "x");
            File.CreateSymbolicLink(_root.Below("/etc/certs/a/link"), _root.Outside);
            File.CreateSymbolicLink(_root.Below("/etc/certs/a/b/canary"), _root.Canary);
        });
        GuardedRoot.Run("sh", "-c", $"touch \"$(printf '{_root.Below("/etc/certs/a")}/\\377\\n')\""); // no UTF-8
        GuardedRoot.Run("mkfifo", _root.Below("/etc/certs/a/fifo"));

        Files.RemoveTree("/etc/certs");

        Assert.Empty(_root.Names("/etc"));
    }

    // Also one of the same disk, which a device's number does not tell.
    [Fact]
    public void ATreeIsNotLeftForAnotherMount()
    {
        Directory.CreateDirectory(_root.Below("/etc/certs/a/mounted"));
        GuardedRoot.Run("mount", "--bind", _root.Outside, _root.Below("/etc/certs/a/mounted"));
        try
        {
            Assert.Equal(
                "/etc/certs/a/mounted cannot be removed: Device or resource busy; something is mounted there: unmount it",
                Assert.Throws<IOException>(() => Files.RemoveTree("/etc/certs")).Message);
            Assert.Throws<IOException>(() => Files.RemoveTree("/etc/certs/a/mounted"));
        }
        finally
        {
            GuardedRoot.Run("umount", "--lazy", _root.Below("/etc/certs/a/mounted"));
        }
    }

    [Fact]
    public void ATreeOfAnyDepthIsNoEndOfTheProcess()
    {
        GuardedRoot.Run("sh", "-c", $"cd {_root.Below("/etc/certs")}; i=0; while [ $i -lt 600 ]; do mkdir d; cd d; i=$((i+1)); done");

        Assert.Contains("more than 500 folders", Assert.Throws<IOException>(() => Files.RemoveTree("/etc/certs")).Message, StringComparison.Ordinal);
    }
}
