using SmmAgent.Contract;
using SmmAgent.Core.Packages;
using SmmAgent.Core.Sidecar.Status;
using SmmAgent.Linux.Packages;
using SmmAgent.Linux.Sidecar;

namespace SmmAgent.Linux.Tests.Packages;

/// <summary>A failed upgrade leaves the host with its previous version, with the real dpkg, apt-get, rpm and dnf.</summary>
public sealed class PutBackTests : IDisposable
{
    private readonly PackageHostRoot _host = new();

    public void Dispose() => _host.Dispose();

    [Theory]
    [InlineData("apt-get")]
    [InlineData(null)]
    public async Task DebWithAFailingPostinstIsReplacedByTheOldVersion(string? program)
    {
        await InstallAsync(new("1.0"), "deb", program);

        var failed = await FailAsync(new("2.0") { After = "exit 4" }, "deb", program);

        IsBack(failed, "1.0", PackageFailureReason.InstallFailed, "post-installation script subprocess returned error exit status 4");
        Assert.Equal(new InstallOutcome.Installed("2.0", "1.0"), await InstallAsync(new("2.0"), "deb", program));
    }

    [Fact]
    public async Task FailedDowngradeIsUndone()
    {
        await InstallAsync(new("2.0"), "deb", "apt-get");

        IsBack(await FailAsync(new("1.0") { After = "exit 4" }, "deb", "apt-get"), "2.0", PackageFailureReason.InstallFailed,
            "exit status 4");
    }

    [Theory]
    [InlineData("preinst")]
    [InlineData("prerm")]
    [InlineData("both")]
    public async Task DebThatIsRefusedBeforeItIsUnpackedLeavesTheOldVersion(string script)
    {
        await InstallAsync(new("1.0") { Leaving = script == "preinst" ? null : "exit 5" }, "deb", "apt-get");

        var failed = await FailAsync(
            new("2.0") { Before = script == "prerm" ? null : "exit 3", Leaving = script == "both" ? "exit 0" : null }, "deb", "apt-get");

        Assert.EndsWith("; 1.0 stays installed", failed.Failure.Message, StringComparison.Ordinal);
        Assert.Equal((new PackageState("1.0"), "1.0"), (failed.After, _host.Content));
    }

    // dpkg's own rollback fails in this case.
    [Fact]
    public async Task PartiallyConfiguredOldDebIsRestored()
    {
        await InstallAsync(new("1.0") { After = "[ \"$1\" != abort-upgrade ]" }, "deb", "apt-get");

        var failed = await FailAsync(new("2.0") { Before = "exit 3" }, "deb", "apt-get");

        IsBack(failed, "1.0", PackageFailureReason.InstallFailed, "pre-installation script subprocess returned error exit status 3");
    }

    [Fact]
    public async Task FailureToRestoreIsReported()
    {
        await InstallAsync(new("1.0"), "deb", "apt-get");

        // dpkg runs the prerm script of the partially configured new version.
        var failed = await FailAsync(new("2.0") { After = "exit 4", Leaving = "exit 5" }, "deb", "apt-get");

        Assert.Contains("exit status 4; it is partially installed, and 1.0 could not be restored: ", failed.Failure.Message,
            StringComparison.Ordinal);
        Assert.False(failed.After!.IsComplete);
        Assert.Equal("fix this, then run: sudo smm-agent reconcile", failed.Failure.Remediation);
    }

    [Theory]
    [InlineData("gone")]
    [InlineData("changed")]
    [InlineData("link")]
    [InlineData("note")]
    public async Task OldPackageIsRestoredOnlyWithItsVerifiedChecksum(string deed)
    {
        await InstallAsync(new("1.0"), "deb", "apt-get");
        var path = _host.Cache.PathOf(
            new() { Name = BuiltPackage.Name, Version = "1.0", Format = PackageFormat.Deb, Architecture = "amd64", Path = "/p" });
        var elsewhere = $"{_host.Shared}/elsewhere.deb";
        File.Copy(path, elsewhere);
        switch (deed)
        {
            case "changed":
                await File.AppendAllTextAsync(path, "x", TestContext.Current.CancellationToken);
                break;
            case "note":
                File.Delete(path + ".sha256");
                break;
            default:
                File.Delete(path);
                if (deed == "link")
                    File.CreateSymbolicLink(path, elsewhere);
                break;
        }

        var failed = await FailAsync(new("2.0") { After = "exit 4" }, "deb", "apt-get");

        var reason = deed switch
        {
            "changed" => $"smm-test 1.0: the SHA-256 of {path} is ",
            "link" => $"{path} is a link",
            _ => $"{_host.Cache.Folder} does not have its package",
        };
        Assert.Contains($"exit status 4; it is partially installed, and 1.0 cannot be restored: {reason}", failed.Failure.Message,
            StringComparison.Ordinal);
        Assert.Equal((new PackageState("2.0", IsComplete: false), "2.0"), (failed.After, _host.Content));
        Assert.DoesNotContain('\n', failed.Failure.ToString());
    }

    [Theory]
    [InlineData("dnf")]
    [InlineData(null)]
    public async Task RpmWhoseOldVersionCannotBeRemovedIsReplacedByThatVersion(string? program)
    {
        _host.OfferRpmShell();
        await InstallAsync(new("1.0") { Leaving = "exit 5" }, "rpm", program);

        var failed = await FailAsync(new("2.0"), "rpm", program);

        IsBack(failed, "1.0-1", PackageFailureReason.InstallFailed, "");
    }

    [Theory]
    [InlineData("dnf")]
    [InlineData(null)]
    public async Task RpmWhosePreScriptFailsLeavesTheOldVersionAndOneWhosePostScriptFailsIsInstalled(string? program)
    {
        _host.OfferRpmShell();
        await InstallAsync(new("1.0"), "rpm", program);

        var failed = await FailAsync(new("2.0") { Before = "exit 3" }, "rpm", program);

        Assert.EndsWith("; 1.0-1 stays installed", failed.Failure.Message, StringComparison.Ordinal);
        Assert.Equal((new PackageState("1.0-1"), "1.0"), (failed.After, _host.Content));
        // To rpm, the installation is complete.
        Assert.Equal(new InstallOutcome.Installed("2.0-1", "1.0-1"), await InstallAsync(new("2.0") { After = "exit 4" }, "rpm", program));
    }

    [Theory]
    [InlineData("deb", "1.0")]
    [InlineData("rpm", "1.0-1")]
    public async Task PruningKeepsPackagesThatMayBeRestored(string format, string installed)
    {
        await InstallAsync(new("0.9"), format, null);
        await InstallAsync(new("1.0"), format, null);
        var wanted = _host.Offer(new("2.0"), format);

        _host.Cache.Prune(wanted, [installed]);

        Assert.Equal(
            [$"smm-test_1.0_amd64.{format}", $"smm-test_1.0_amd64.{format}.sha256", $"smm-test_2.0_amd64.{format}"],
            Directory.EnumerateFiles(_host.Cache.Folder, "smm-test_*").Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task ReplacedAndRecordedVersionsCanBeRestored()
    {
        await using var server = new RawServer();
        using var source = new PackageSource(server.Url, null, "1.2.3");
        using var key = new SignedList(server);
        IReadOnlyList<string> recorded = ["1.0"];
        var delivery = new PackageDelivery(
            _host.Cache, new(source, key.Approval()), _host.Installer("apt-get", "deb"), TimeProvider.System, bypassBackoff: false,
            () => recorded);

        await DeliverAsync("1.0");
        await DeliverAsync("2.0");
        await DeliverAsync("3.0");
        Assert.Equal((true, true, true), (Has("1.0"), Has("2.0"), Has("3.0")));

        recorded = [];
        await DeliverAsync("4.0");
        Assert.Equal((false, false, true), (Has("1.0"), Has("2.0"), Has("3.0")));
        Assert.Null(await delivery.RestoreAsync(BuiltPackage.Name, "3.0", TestContext.Current.CancellationToken));
        Assert.Equal("3.0", _host.Content);

        bool Has(string version) => delivery.Has(BuiltPackage.Name, version);

        async Task DeliverAsync(string version)
        {
            var offered = _host.Offer(new(version), "deb");
            key.Sign(offered);
            Assert.Null(await delivery.InstallAsync(
                offered, ReconcilePart.Package, mayDowngrade: true, TestContext.Current.CancellationToken));
        }
    }

    private Task<InstallOutcome> InstallAsync(BuiltPackage built, string format, string? program) =>
        _host.InstallAsync(_host.Installer(program, format), _host.Offer(built, format), mayDowngrade: true);

    private async Task<InstallOutcome.Failed> FailAsync(BuiltPackage built, string format, string? program) =>
        Assert.IsType<InstallOutcome.Failed>(await InstallAsync(built, format, program));

    private void IsBack(InstallOutcome.Failed failed, string version, PackageFailureReason fault, string shown)
    {
        Assert.Contains(shown, failed.Failure.Message, StringComparison.Ordinal);
        Assert.EndsWith($"; {version} was restored", failed.Failure.Message, StringComparison.Ordinal);
        Assert.Equal((fault, new PackageState(version), version.Split('-')[0]), (failed.Failure.Reason, failed.After, _host.Content));
        Assert.False(Directory.Exists(Path.Combine(_host.Cache.Folder, "verified")));
    }
}
