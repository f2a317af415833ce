using System.Formats.Tar;
using System.Text;
using SmmAgent.Core.Packages;
using SmmAgent.Linux.Packages;

namespace SmmAgent.Linux.Tests.Packages;

public sealed class VerifiedPackageTests : IDisposable
{
    private readonly PackageHostRoot _host = new();

    public void Dispose() => _host.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task VerifiedBytesAreInstalledDespiteChangesInTheCache(bool inPlace)
    {
        var package = _host.Offer(new("1.0"), "deb");
        using var verified = await _host.TakeAsync(package);
        var evil = $"{_host.Shared}/evil.deb";
        new BuiltPackage("6.6.6").BuildDeb(evil);
        if (inPlace)
            await File.WriteAllBytesAsync(
                _host.Cache.PathOf(package), await File.ReadAllBytesAsync(evil, TestContext.Current.CancellationToken),
                TestContext.Current.CancellationToken);
        else
            File.Move(evil, _host.Cache.PathOf(package), overwrite: true);

        var outcome = await Apt.InstallAsync(verified, mayDowngrade: false, TestContext.Current.CancellationToken);

        Assert.Equal(new InstallOutcome.Installed("1.0", null), outcome);
        Assert.Equal("1.0", _host.Content);
    }

    [Fact]
    public async Task FolderOfVerifiedPackagesIsForRootOnly()
    {
        using var verified = await _host.TakeAsync(_host.Offer(new("1.0"), "deb"));

        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute,
            File.GetUnixFileMode(Path.Combine(_host.Cache.Folder, "verified")));
    }

    [Fact]
    public async Task FileWithAWrongChecksumIsRefused()
    {
        var package = _host.Offer(new("1.0"), "deb");
        await File.AppendAllTextAsync(_host.Cache.PathOf(package), "x", TestContext.Current.CancellationToken);

        var (verified, failure) = await VerifiedPackage.TakeAsync(
            _host.Cache, package, TimeProvider.System, TestContext.Current.CancellationToken);

        Assert.Null(verified);
        Assert.Equal(PackageFailureReason.WrongChecksum, failure!.Reason);
        Assert.False(Directory.Exists(Path.Combine(_host.Cache.Folder, "verified")));
    }

    [Fact]
    public async Task LinkInTheCacheIsRefused()
    {
        var package = _host.Offer(new("1.0"), "deb");
        File.Move(_host.Cache.PathOf(package), $"{_host.Shared}/elsewhere.deb");
        File.CreateSymbolicLink(_host.Cache.PathOf(package), $"{_host.Shared}/elsewhere.deb");

        var (_, failure) = await VerifiedPackage.TakeAsync(
            _host.Cache, package, TimeProvider.System, TestContext.Current.CancellationToken);

        Assert.Contains("is a link", failure!.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("deb")]
    [InlineData("rpm")]
    public async Task ArchiveOfAnotherPackageAndBrokenArchiveAreRefused(string format)
    {
        var installer = _host.Installer(format == "deb" ? "apt-get" : "dnf", format);
        var package = _host.Offer(new("1.0"), format);
        var path = _host.Cache.PathOf(package);

        File.Copy(path, _host.Cache.PathOf(package with { Version = "3.0" }));
        await RefusedAsync(package with { Version = "3.0" }, PackageFailureReason.WrongPackage, "the archive is smm-test 1.0");
        File.Copy(path, _host.Cache.PathOf(package with { Name = "istio-sidecar" }));
        await RefusedAsync(package with { Name = "istio-sidecar" }, PackageFailureReason.WrongPackage, "the archive is smm-test 1.0");
        File.Copy(path, _host.Cache.PathOf(package with { Architecture = "arm64" }));
        await RefusedAsync(package with { Architecture = "arm64" }, PackageFailureReason.WrongArchitecture, "not for arm64");

        // The archive is truncated, or has changed bytes in its middle.
        var bytes = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);
        await File.WriteAllBytesAsync(path, bytes.AsMemory(0, bytes.Length - 700), TestContext.Current.CancellationToken);
        await RefusedAsync(_host.Sealed(package), PackageFailureReason.BrokenPackage, "the archive cannot be read");
        await File.WriteAllTextAsync(path, "no archive at all", TestContext.Current.CancellationToken);
        await RefusedAsync(_host.Sealed(package), PackageFailureReason.BrokenPackage, "the archive cannot be read");

        async Task RefusedAsync(SmmAgent.Contract.Package offered, PackageFailureReason fault, string shown)
        {
            var failed = Assert.IsType<InstallOutcome.Failed>(await _host.InstallAsync(installer, offered));
            Assert.Contains(shown, failed.Failure.Message, StringComparison.Ordinal);
            Assert.Equal((fault, PackageState.NotInstalled), (failed.Failure.Reason, failed.After));
        }
    }

    [Theory]
    [InlineData("../../etc/passwd", "is not a plain path")]
    [InlineData("./usr/../../etc/passwd", "is not a plain path")]
    [InlineData("./root/.ssh/authorized_keys", "is outside the folders that packages may use")]
    [InlineData("./etc/x/passwd", "is below the archive's own link 'etc/x'")]
    public async Task MemberOutsideWhatAPackageMayHoldIsRefused(string member, string shown)
    {
        var package = _host.Offer(new("1.0"), "deb");
        WriteDeb(_host.Cache.PathOf(package), member);

        var failed = Assert.IsType<InstallOutcome.Failed>(await _host.InstallAsync(Apt, _host.Sealed(package)));

        Assert.Contains(shown, failed.Failure.Message, StringComparison.Ordinal);
        Assert.Equal(PackageFailureReason.UnsafeContents, failed.Failure.Reason);
    }

    private PackageInstaller Apt => _host.Installer("apt-get", "deb");

    // The archive is made by hand, because dpkg-deb would not create a link with a member below it.
    private static void WriteDeb(string path, string member)
    {
        using var file = File.Create(path);
        file.Write("!<arch>\n"u8);
        Part(file, "debian-binary", "2.0\n"u8.ToArray());
        Part(file, "control.tar",
            Tar(
                Entry(
                    "./control", "Package: smm-test\nVersion: 1.0\nArchitecture: amd64\nMaintainer: t <t@example.com>\nDescription: t\n")));
        Part(file, "data.tar", Tar(new GnuTarEntry(TarEntryType.SymbolicLink, "./etc/x") { LinkName = "/etc" }, Entry(member, "evil")));
    }

    private static GnuTarEntry Entry(string name, string text) =>
        new(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(Encoding.UTF8.GetBytes(text)) };

    private static byte[] Tar(params TarEntry[] entries)
    {
        var stream = new MemoryStream();
        using (var tar = new TarWriter(stream, TarEntryFormat.Gnu, leaveOpen: true))
        {
            foreach (var entry in entries)
                tar.WriteEntry(entry);
        }

        return stream.ToArray();
    }

    private static void Part(FileStream file, string name, byte[] content)
    {
        file.Write(Encoding.ASCII.GetBytes($"{name,-16}{0,-12}{0,-6}{0,-6}{100644,-8}{content.Length,-10}`\n"));
        file.Write(content);
        if (content.Length % 2 == 1)
            file.Write("\n"u8);
    }
}
