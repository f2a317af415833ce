using SmmAgent.Core.Packages;
using SmmAgent.Linux.Packages;

namespace SmmAgent.Linux.Tests.Packages;

/// <summary>Removals of one package, and of no other, with the real dpkg and rpm.</summary>
public sealed class RemoveTests : IDisposable
{
    private readonly PackageHostRoot _host = new();

    public void Dispose() => _host.Dispose();

    [Theory]
    [InlineData("deb", "1.0")]
    [InlineData("rpm", "1.0-1")]
    public async Task PackageIsRemovedOnceWithItsConfiguration(string format, string version)
    {
        Prepare(format);
        // With a removal script, dpkg would keep a record of a package that is not purged.
        await InstallAsync(new("1.0") { Left = "exit 0" }, format);

        Assert.Equal(new RemovalOutcome.Removed(version), await RemoveAsync(format));

        Assert.Null(_host.Content);
        Assert.Equal(new RemovalOutcome.NotInstalled(), await RemoveAsync(format));
    }

    [Theory]
    [InlineData("deb", "smm-other depends on smm-test")]
    [InlineData("rpm", "smm-test is needed by (installed) smm-other-1-1")]
    public async Task PackageThatAnotherOneDependsOnStays(string format, string shown)
    {
        await InstallAsync(new("1.0"), format);
        await InstallAsync(new("1") { Named = "smm-other", Depends = "smm-test" }, format);

        var failed = await FailAsync(format);

        Assert.Contains(shown, failed.Failure.Message, StringComparison.Ordinal);
        Assert.Equal((PackageFailureReason.StillNeeded, "remove that package first"), (failed.Failure.Reason, failed.Failure.Remediation));
        Assert.True(failed.After is { IsComplete: true, Version: not null });
        Assert.Equal("1.0", _host.Content);
    }

    [Theory]
    [InlineData("deb", "pre-removal script subprocess returned error exit status 5; 1.0 stays installed")]
    [InlineData("rpm", "scriptlet failed, exit status 5; 1.0-1 stays installed")]
    public async Task ScriptThatRefusesTheRemovalIsObeyedAndReported(string format, string shown)
    {
        Prepare(format);
        await InstallAsync(new("1.0") { Leaving = "exit 5" }, format);

        var failed = await FailAsync(format);

        Assert.StartsWith("smm-test is not removed: ", failed.Failure.Message, StringComparison.Ordinal);
        Assert.EndsWith(shown, failed.Failure.ToString(), StringComparison.Ordinal);
        Assert.Equal((PackageFailureReason.InstallFailed, "1.0"), (failed.Failure.Reason, _host.Content));
    }

    [Theory]
    [InlineData("remove", "post-removal script subprocess returned error exit status 6; it is partially removed")]
    [InlineData("purge", "post-removal script subprocess returned error exit status 6; its configuration stays")]
    public async Task PartialRemovalOfADebIsReportedAndTheNextAttemptCompletesIt(string step, string shown)
    {
        var repaired = $"{_host.Shared}/repaired";
        await InstallAsync(new("1.0") { Left = $"[ \"$1\" != {step} ] || [ -e {repaired} ] || exit 6" }, "deb");

        Assert.EndsWith(shown, (await FailAsync("deb")).Failure.ToString(), StringComparison.Ordinal);

        await File.WriteAllTextAsync(repaired, "", TestContext.Current.CancellationToken);
        RemovalOutcome expected = step == "purge" ? new RemovalOutcome.NotInstalled() : new RemovalOutcome.Removed("1.0");
        Assert.Equal(expected, await RemoveAsync("deb"));
        Assert.Equal(PackageState.NotInstalled,
            (await Installer("deb").ReadAsync(BuiltPackage.Name, TestContext.Current.CancellationToken)).State);
    }

    [Fact]
    public async Task RpmWhoseLastScriptFailsIsGoneNevertheless()
    {
        Prepare("rpm");
        await InstallAsync(new("1.0") { Left = "exit 6" }, "rpm");

        Assert.Equal(new RemovalOutcome.Removed("1.0-1"), await RemoveAsync("rpm"));
        Assert.Null(_host.Content);
    }

    [Theory]
    [InlineData("preinst")]
    [InlineData("postinst")]
    public async Task PartiallyInstalledDebIsRemoved(string script)
    {
        using (var waiting = new WaitingScript(_host.Shared))
        {
            var install = InstallAsync(
                script == "preinst" ? new("1.0") { Before = waiting.Lines } : new("1.0") { After = waiting.Lines }, "deb");
            await waiting.KillAsync();
            Assert.False(Assert.IsType<InstallOutcome.Failed>(await install).After!.IsComplete);
        }

        Assert.IsType<RemovalOutcome.Removed>(await RemoveAsync("deb"));
        Assert.Null(_host.Content);
    }

    [Fact]
    public async Task DatabaseThatAnotherHoldsIsWaitedForAndLeftAlone()
    {
        await InstallAsync(new("1.0"), "deb");
        await using (var held = new FileStream(
            _host.Inside("/var/lib/dpkg/lock-frontend"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite))
        {
            held.Lock(0, 0);
            var failed = await FailAsync("deb");
            Assert.Equal((PackageFailureReason.DatabaseLocked, "try again when the other package manager has ended"),
                (failed.Failure.Reason, failed.Failure.Remediation));
            Assert.Equal("1.0", _host.Content);
            held.Unlock(0, 0);
        }

        Assert.Equal(new RemovalOutcome.Removed("1.0"), await RemoveAsync("deb"));
    }

    [Fact]
    public async Task LockOfTheRpmDatabaseIsWaitedFor()
    {
        Prepare("rpm");
        await InstallAsync(new("1.0"), "rpm");
        using var script = new WaitingScript(_host.Shared);
        var other = InstallAsync(new("1") { Named = "smm-other", After = script.Lines }, "rpm");
        await Until.TrueAsync(() => File.Exists($"{_host.Shared}/pid"), "the other installation runs");

        Assert.Equal(PackageFailureReason.DatabaseLocked, (await FailAsync("rpm")).Failure.Reason);

        await script.KillAsync();
        await other;
    }

    private void Prepare(string format)
    {
        if (format == "rpm")
            _host.OfferRpmShell();
    }

    private PackageInstaller Installer(string format) => _host.Installer(format == "deb" ? "apt-get" : null, format);

    private Task<InstallOutcome> InstallAsync(BuiltPackage built, string format) =>
        _host.InstallAsync(Installer(format), _host.Offer(built, format));

    private Task<RemovalOutcome> RemoveAsync(string format) =>
        Installer(format).RemoveAsync(BuiltPackage.Name, TestContext.Current.CancellationToken);

    private async Task<RemovalOutcome.Failed> FailAsync(string format) => Assert.IsType<RemovalOutcome.Failed>(await RemoveAsync(format));
}
