using SmmAgent.Core.Packages;
using SmmAgent.Linux.Packages;

namespace SmmAgent.Linux.Tests.Packages;

/// <summary>Installations with the real rpm and dnf on a host without rpm packages, in a temporary layer.</summary>
public sealed class RpmInstallTests : IDisposable
{
    private readonly PackageHostRoot _host = new();

    public void Dispose() => _host.Dispose();

    [Theory]
    [InlineData("dnf")]
    [InlineData(null)]
    public async Task PackageIsInstalledOnceAndUpgradedAndNotMadeOlderUnlessItMay(string? program)
    {
        var installer = _host.Installer(program, "rpm");
        Assert.Equal(PackageState.NotInstalled,
            (await installer.ReadAsync(BuiltPackage.Name, TestContext.Current.CancellationToken)).State);

        Assert.Equal(new InstallOutcome.Installed("1.0-1", null), await InstallAsync(new("1.0"), program));
        Assert.Equal(new InstallOutcome.AlreadyInstalled("1.0-1"), await InstallAsync(new("1.0"), program));
        Assert.Equal(new InstallOutcome.Installed("2.0-1", "1.0-1"), await InstallAsync(new("2.0"), program));

        var failed = Assert.IsType<InstallOutcome.Failed>(await InstallAsync(new("1.0"), program));
        Assert.Equal(PackageFailureReason.Downgrade, failed.Failure.Reason);
        Assert.Equal("2.0", _host.Content);

        Assert.Equal(new InstallOutcome.Installed("1.0-1", "2.0-1"), await InstallAsync(new("1.0"), program, mayDowngrade: true));
        Assert.Equal("1.0", _host.Content);
    }

    [Theory]
    [InlineData("dnf")]
    [InlineData(null)]
    public async Task RefusalOfThePackageManagerLeavesTheOldVersionAndIsReported(string? program)
    {
        await InstallAsync(new("1.0"), program);
        var failed = Assert.IsType<InstallOutcome.Failed>(await InstallAsync(new("2.0") { Depends = "smm-nothing" }, program));

        Assert.Equal(PackageFailureReason.MissingDependency, failed.Failure.Reason);
        Assert.Contains("smm-nothing", failed.Failure.Message, StringComparison.Ordinal);
        Assert.Equal((new PackageState("1.0-1"), "1.0"), (failed.After, _host.Content));
    }

    [Fact]
    public async Task UpgradeThatWasKilledIsCompletedByTheNext()
    {
        _host.OfferRpmShell();
        await InstallAsync(new("1.0"), "dnf");
        using (var script = new WaitingScript(_host.Shared))
        {
            var install = InstallAsync(new("2.0") { After = script.Lines }, "dnf");
            await script.KillAsync();
            var failed = Assert.IsType<InstallOutcome.Failed>(await install);

            Assert.Equal(PackageFailureReason.Interrupted, failed.Failure.Reason);
            Assert.False(failed.After!.IsComplete); // both versions are there
        }

        Assert.IsType<InstallOutcome.Installed>(await InstallAsync(new("2.0"), "dnf"));
        Assert.Equal("2.0", _host.Content);
    }

    [Fact]
    public async Task DatabaseThatAnotherHoldsIsLeftAlone()
    {
        _host.OfferRpmShell();
        var package = _host.Offer(new("1.0"), "rpm");
        using var script = new WaitingScript(_host.Shared);
        var other = InstallAsync(new("0.9") { After = script.Lines }, null);
        await Until.TrueAsync(() => File.Exists($"{_host.Shared}/pid"), "the other installation runs");

        // The lock of smm-agent is not involved, because the other process is not an smm-agent.
        var copy = $"{_host.Shared}/other.rpm";
        File.Copy(_host.Cache.PathOf(package), copy);
        var commands = new Linux.Commands.CommandRunner(prefix: _host.Prefix);
        var failure = InstallerText.Failure(
            await new Rpm(commands, PackageCommands.Direct(commands), null).InstallAsync(copy, isInterrupted: false));

        Assert.Equal(PackageFailureReason.DatabaseLocked, failure.Reason);
        await script.KillAsync();
        await other;
    }

    private Task<InstallOutcome> InstallAsync(BuiltPackage built, string? program, bool mayDowngrade = false) =>
        _host.InstallAsync(_host.Installer(program, "rpm"), _host.Offer(built, "rpm"), mayDowngrade);
}
