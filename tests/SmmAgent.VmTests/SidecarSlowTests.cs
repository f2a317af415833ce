namespace SmmAgent.VmTests;

/// <summary>A slow package, another package manager and the end of a session do not prevent the attachment.</summary>
public sealed class SidecarSlowTests(SidecarVmFixture fixture) : IClassFixture<SidecarVmFixture>
{
    private const string AtWork = "/run/at-work";
    private const string PackageUnit = "smm-agent-package.service";

    // Holds the lock in the same way as dpkg.
    private const string Upgrader = """
        use Fcntl;
        $0 = 'upgrader';
        open my $file, '+>', '/var/lib/dpkg/lock-frontend' or die;
        my $lock = pack('s s x4 q q i x4', F_WRLCK, 0, 0, 0, 0);
        fcntl $file, F_SETLK, $lock or die;
        system 'systemd-notify', '--ready';
        sleep 600;
        """;

    private static readonly string[] Units = ["smm-agent.service", "smm-agent-reconcile.path", "smm-agent-reconcile.service"];
    private static readonly TimeSpan Minutes = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task LockHolderIsNamedAndASlowInstallationAttachesTheVm()
    {
        await using var vm = await fixture.BootAsync();
        await fixture.StartWorkloadsAsync();
        Slow(vm, seconds: 40);
        File.WriteAllText(Path.Combine(fixture.Testbed.Folder, "upgrader"), Upgrader);
        vm.Run("systemd-run", "--unit=upgrader", "--property=Type=notify", "--property=NotifyAccess=all", "perl", "/mnt/upgrader");
        vm.Run("systemd-run", "--unit=first", "--property=StandardOutput=file:/run/output", "smm-agent", "reconcile");

        await vm.UntilAsync(
            () => Output().Contains("! waiting for upgrader (process ", StringComparison.Ordinal), "it is said who is waited for");
        Assert.Contains("), which holds /var/lib/dpkg/lock-frontend\n", Output(), StringComparison.Ordinal);
        Assert.All(Units, unit => Assert.True(vm.IsEnabled(unit), unit));
        vm.Run("systemctl", "stop", "upgrader");
        await vm.UntilAsync(() => vm.Try("ls", AtWork).ExitCode == 0, "dpkg is at work");
        Assert.True(vm.IsActive(PackageUnit));

        await vm.UntilAsync(() => !vm.IsActive("first"), "the reconcile has ended", Minutes);
        Assert.EndsWith("✓ reconciled host operating system\n", Output(), StringComparison.Ordinal);
        await vm.UntilStatusAsync(BootedVm.Attached);
        Assert.Equal("not-found", vm.Property(PackageUnit, "LoadState"));

        string Output() => vm.Try("cat", "/run/output").Output;
    }

    [Fact]
    public async Task FailureOfTheFirstReconcileIsRetriedAutomatically()
    {
        await using var vm = await fixture.BootAsync();
        await fixture.StartWorkloadsAsync();
        try
        {
            fixture.OfferFailing(SidecarPackages.NewerVersion);
            await fixture.Testbed.UntilOffersAsync();

            Assert.Equal(1, vm.Try(BootedVm.InstallPatience, "smm-agent", "reconcile").ExitCode);

            Assert.All(Units, unit => Assert.True(vm.IsEnabled(unit), unit));
            fixture.Offer(SidecarPackages.NewerVersion);
            await vm.UntilConditionAsync("Registered", "True ", Minutes);
        }
        finally
        {
            fixture.Offer(SidecarPackages.Version);
        }
    }

    [Fact]
    public async Task ReconcileSurvivesTheEndOfASessionAndIsFinishedAfterAnInterruption()
    {
        await using var vm = await fixture.BootAsync();
        await fixture.StartWorkloadsAsync();
        Slow(vm, seconds: 3);
        // The session ends with its terminal: SIGHUP, and writes to the terminal fail.
        vm.Run("systemd-run", "--unit=session", "--property=KillMode=process", "--property=SendSIGHUP=no", "script", "-qec",
            "smm-agent reconcile", "/dev/null");
        await vm.UntilAsync(() => vm.Try("ls", AtWork).ExitCode == 0, "dpkg is at work");
        vm.Run("systemctl", "kill", "--signal=KILL", "--kill-who=main", "session");

        await vm.UntilConditionAsync("Registered", "True ", Minutes);
        Assert.Equal((true, true, true), (vm.IsActive("smm-agent"), vm.IsActive(StandInSidecar.Unit), vm.IsEnabled(StandInSidecar.Unit)));
        Assert.All(Units, unit => Assert.True(vm.IsEnabled(unit), unit));

        vm.RunAtMost(BootedVm.InstallPatience, "smm-agent", "detach");
        vm.Run("rm", AtWork);
        vm.Run("systemd-run", "--unit=interrupted", "smm-agent", "reconcile");
        await vm.UntilAsync(() => vm.Try("ls", AtWork).ExitCode == 0, "dpkg is at work again");
        vm.RunAtMost(Minutes, "systemctl", "stop", "interrupted");
        Assert.False(vm.IsActive(StandInSidecar.Unit));

        await vm.RebootAsync();

        await vm.UntilConditionAsync("Registered", "True ", Minutes);
        await vm.UntilStatusAsync(BootedVm.Attached);
    }

    // dpkg is called more than once in an installation.
    private static void Slow(BootedVm vm, int seconds) =>
        vm.Run("sh", "-c", $"echo 'pre-invoke=[ -e {AtWork} ] || {{ touch {AtWork}; sleep {seconds}; }}' >/etc/dpkg/dpkg.cfg.d/slow");
}
