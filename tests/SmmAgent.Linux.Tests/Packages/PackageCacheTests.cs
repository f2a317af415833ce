using System.Diagnostics;
using SmmAgent.Core.Packages;

namespace SmmAgent.Linux.Tests.Packages;

public sealed class PackageCacheTests : IAsyncDisposable
{
    private readonly PackageHouse _house = new();

    public ValueTask DisposeAsync() => _house.DisposeAsync();

    [Fact]
    public async Task AFolderThatOthersMayWriteIsNotUsed()
    {
        Directory.CreateDirectory(_house.Cache.Folder);
        File.SetUnixFileMode(_house.Cache.Folder, (UnixFileMode)0b111_111_111);

        var failure = await _house.FailAsync();

        Assert.Equal(PackageFault.UnsafeFolder, failure.Fault);
        Assert.Contains("may be written by others (mode 0777)", failure.Message, StringComparison.Ordinal);
        Assert.Equal(0, _house.Server.Count);
    }

    [Fact]
    public async Task AFolderOfAnotherUserIsNotUsed()
    {
        RootOnly();
        Directory.CreateDirectory(_house.Cache.Folder);
        Run("chown", "12345", _house.Cache.Folder);

        Assert.Contains("belongs to user 12345, not to root", (await _house.FailAsync()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ALinkInTheFoldersPlaceIsNotFollowed()
    {
        Directory.CreateDirectory(_house.Below("elsewhere"));
        Directory.CreateSymbolicLink(_house.Cache.Folder, _house.Below("elsewhere"));

        Assert.Equal(PackageFault.UnsafeFolder, (await _house.FailAsync()).Fault);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_house.Below("elsewhere")));
    }

    [Theory]
    [InlineData("")]
    [InlineData(".part")]
    public async Task ALinkInAFilesPlaceIsNotFollowed(string suffix)
    {
        var precious = _house.Below("precious");
        await File.WriteAllTextAsync(precious, "untouched", TestContext.Current.CancellationToken);
        Directory.CreateDirectory(_house.Cache.Folder);
        File.CreateSymbolicLink(_house.Final + suffix, precious);

        Assert.Contains("is a link", (await _house.FailAsync()).Message, StringComparison.Ordinal);
        Assert.Equal("untouched", await File.ReadAllTextAsync(precious, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task OnlyTheWantedAndTheInstalledPackageStay()
    {
        await _house.ArrivesAsync();
        foreach (var name in (string[])["istio-sidecar_1.15.1_amd64.deb", "istio-sidecar_1.15.2_amd64.deb", "istio-sidecar_1.15.4_amd64.deb.part", "smm-agent_1.0.0_amd64.deb"])
            await File.WriteAllTextAsync(Path.Combine(_house.Cache.Folder, name), "", TestContext.Current.CancellationToken);

        _house.Cache.Prune(PackageHouse.Package, ["1.15.2"]);

        Assert.Equal(
            ["istio-sidecar_1.15.2_amd64.deb", "istio-sidecar_1.15.3_amd64.deb", "smm-agent_1.0.0_amd64.deb"],
            Directory.EnumerateFiles(_house.Cache.Folder, "*.deb*").Select(Path.GetFileName).Order());
    }

    [Fact]
    public async Task WhatHasNoRoomIsNotAskedFor()
    {
        using var disk = new SmallDisk(_house.Below("disk"), megabytes: 2);
        _house.Cache = new(Path.Combine(disk.Path, "cache"));

        var failure = await _house.FailAsync();

        Assert.Equal(PackageFault.DiskFull, failure.Fault);
        Assert.Contains("KiB free; make room on this disk", failure.ToString(), StringComparison.Ordinal);
        Assert.Equal(0, _house.Server.Count);
    }

    [Fact]
    public async Task WhatFillsTheDiskIsNotLeftOnIt()
    {
        using var disk = new SmallDisk(_house.Below("disk"), megabytes: 6);
        _house.Cache = new(Path.Combine(disk.Path, "cache"));
        _house.Server.Answers = request =>
        {
            try
            {
                request.WriteAsync("HTTP/1.1 200 OK\r\nETag: \"e\"\r\nConnection: close\r\n\r\n").GetAwaiter().GetResult();
                for (var i = 0; i < 100; i++)
                    request.WriteAsync(PackageHouse.Body).GetAwaiter().GetResult();
            }
            catch (IOException)
            {
            }

            request.Close();
            return null;
        };

        var failure = await _house.FailAsync(PackageHouse.Package with { Size = null });

        Assert.Equal(PackageFault.DiskFull, failure.Fault);
        Assert.Equal([".lock"], Directory.EnumerateFiles(_house.Cache.Folder).Select(Path.GetFileName));
    }

    private static void RootOnly() => Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs root");

    private static void Run(params string[] command)
    {
        using var process = Process.Start(new ProcessStartInfo(command[0], command.Skip(1)))!;
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }

    private sealed class SmallDisk : IDisposable
    {
        public SmallDisk(string path, int megabytes)
        {
            RootOnly();
            Directory.CreateDirectory(Path = path);
            Run("mount", "-t", "tmpfs", "-o", $"size={megabytes}m,mode=0755", "tmpfs", path);
        }

        public string Path { get; }

        public void Dispose() => Run("umount", "--lazy", Path);
    }
}
