using SmmAgent.Core.Packages;
using SmmAgent.Linux.Packages;

namespace SmmAgent.Linux.Tests.Packages;

/// <summary>Installations with the host's real dpkg and apt-get, in a temporary layer.</summary>
public sealed class DebInstallTests : IDisposable
{
    private readonly PackageHostRoot _host = new();

    public void Dispose() => _host.Dispose();

    [Fact]
    public async Task PackageIsInstalledOnceAndUpgradedAndNotMadeOlderUnlessItMay()
    {
        Assert.Equal(PackageState.NotInstalled, (await Apt.ReadAsync(BuiltPackage.Name, TestContext.Current.CancellationToken)).State);

        Assert.Equal(new InstallOutcome.Installed("1.0", null), await InstallAsync(new("1.0")));
        Assert.Equal(new InstallOutcome.AlreadyInstalled("1.0"), await InstallAsync(new("1.0")));
        Assert.Equal(new InstallOutcome.Installed("2.0", "1.0"), await InstallAsync(new("2.0")));

        var failed = Assert.IsType<InstallOutcome.Failed>(await InstallAsync(new("1.0")));
        Assert.Equal((PackageFailureReason.Downgrade, "smm-test 1.0 is not installed: it is older than 2.0; 2.0 stays installed"),
            (failed.Failure.Reason, failed.Failure.Message));
        Assert.Equal("2.0", _host.Content);

        Assert.Equal(new InstallOutcome.Installed("1.0", "2.0"), await InstallAsync(new("1.0"), mayDowngrade: true));
        Assert.Equal("1.0", _host.Content);
        Assert.False(Directory.Exists(Path.Combine(_host.Cache.Folder, "verified")));
    }

    [Fact]
    public async Task RefusalOfThePackageManagerLeavesTheOldVersionAndIsReported()
    {
        await InstallAsync(new("1.0"));

        await FailsAsync(new("2.0") { Depends = "smm-nothing" }, PackageFailureReason.MissingDependency,
            "Depends: smm-nothing but it is not installable");
        await FailsAsync(new("2.0") { Before = "exit 3" }, PackageFailureReason.InstallFailed,
            "pre-installation script subprocess returned error exit status 3");
        await FailsAsync(new("2.0") { Architecture = "arm64" }, PackageFailureReason.WrongArchitecture,
            "the archive is for arm64, and this host is amd64");
    }

    [Fact]
    public async Task FullDiskLeavesTheOldVersionAndIsReported()
    {
        await InstallAsync(new("1.0"));

        // The package alone is larger than the disk of this host.
        await FailsAsync(new("2.0") { Size = 100_000_000 }, PackageFailureReason.DiskFull, "space");
    }

    [Fact]
    public async Task DatabaseThatAnotherHoldsIsLeftAlone()
    {
        await using var held = new FileStream(
            _host.Inside("/var/lib/dpkg/lock-frontend"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite);
        held.Lock(0, 0);

        var failed = Assert.IsType<InstallOutcome.Failed>(await InstallAsync(new("1.0")));

        Assert.Equal(PackageFailureReason.DatabaseLocked, failed.Failure.Reason);
        Assert.Equal(PackageState.NotInstalled, failed.After);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task InstallationThatWasKilledIsCompletedByTheNext(bool beforeUnpacking)
    {
        await InstallAsync(new("1.0"));
        using (var script = new WaitingScript(_host.Shared))
        {
            var install = InstallAsync(beforeUnpacking ? new("2.0") { Before = script.Lines } : new("2.0") { After = script.Lines });
            await script.KillAsync();
            var failed = Assert.IsType<InstallOutcome.Failed>(await install);

            Assert.Equal(PackageFailureReason.Interrupted, failed.Failure.Reason);
            Assert.False(failed.After!.IsComplete);
            Assert.Contains("it is partially installed", failed.Failure.Message, StringComparison.Ordinal);
        }

        Assert.IsType<InstallOutcome.Installed>(await InstallAsync(new("2.0")));
        Assert.Equal("2.0", _host.Content);
    }

    [Fact]
    public async Task PackageWithAFailedScriptIsCompletedOnceTheScriptIsFixed()
    {
        var failed = Assert.IsType<InstallOutcome.Failed>(await InstallAsync(new("1.0") { After = "exit 4" }));
        Assert.Contains("post-installation script subprocess returned error exit status 4", failed.Failure.Message,
            StringComparison.Ordinal);

        Assert.IsType<InstallOutcome.Installed>(await InstallAsync(new("1.0")));
    }

    [Fact]
    public async Task InterruptedInstallationOfAnotherPackageIsCompletedFirst()
    {
        var package = _host.Offer(new("1.0"), "deb");
        using (var script = new WaitingScript(_host.Shared))
        {
            var first = $"{_host.Shared}/first";
            var install = InstallAsync(new("2.0") { After = $"[ -e {first} ] || {{ touch {first}; {script.Lines}; }}" });
            await script.KillAsync();
            await install;
        }

        // As for a package whose own installation was not interrupted.
        var commands = new Linux.Commands.CommandRunner(prefix: _host.Prefix);
        var dpkg = new Dpkg(commands, PackageCommands.Direct(commands), hasApt: true, TimeSpan.FromSeconds(1));
        var result = await dpkg.InstallAsync(_host.Cache.PathOf(package), isInterrupted: false);

        Assert.True(result.Succeeded, result.Output + result.Error);
        Assert.Equal("1.0", _host.Content);
    }

    [Fact]
    public async Task DpkgInstallsWithoutAptGet() => Assert.Equal(
        new InstallOutcome.Installed("1.0", null), await _host.InstallAsync(_host.Installer(null, "deb"), _host.Offer(new("1.0"), "deb")));

    private PackageInstaller Apt => _host.Installer("apt-get", "deb");

    private Task<InstallOutcome> InstallAsync(BuiltPackage built, bool mayDowngrade = false) =>
        _host.InstallAsync(Apt, _host.Offer(built, "deb"), mayDowngrade);

    private async Task FailsAsync(BuiltPackage built, PackageFailureReason fault, string shown)
    {
        var failed = Assert.IsType<InstallOutcome.Failed>(await InstallAsync(built));
        Assert.Contains(shown, failed.Failure.Message, StringComparison.Ordinal);
        Assert.Equal(fault, failed.Failure.Reason);
        Assert.EndsWith("; 1.0 stays installed", failed.Failure.Message, StringComparison.Ordinal);
        Assert.Equal(new PackageState("1.0"), failed.After);
        Assert.Equal("1.0", _host.Content);
    }
}
