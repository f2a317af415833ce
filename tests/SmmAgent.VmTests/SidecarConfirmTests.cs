using SmmAgent.Core.Sidecar.Configuration;

namespace SmmAgent.VmTests;

/// <summary>A change of the sidecar without confirmation is undone.</summary>
public sealed class SidecarConfirmTests(SidecarVmFixture fixture) : IClassFixture<SidecarVmFixture>
{
    [Fact]
    public async Task UnconfirmedChangesAreRolledBack()
    {
        await using var vm = await fixture.BootAsync();
        await fixture.StartWorkloadsAsync();
        var before = HostListing.From(vm);

        vm.RunAtMost(BootedVm.InstallPatience, "smm-agent", "reconcile", "--confirm-within", "1h");

        Assert.Equal((true, false), (vm.IsActive(StandInSidecar.Unit), vm.IsEnabled(StandInSidecar.Unit)));
        // The command of the timer; ConfirmTests verify the timer itself, where no package manager delays the change.
        vm.RunAtMost(BootedVm.InstallPatience, "smm-agent", "rollback");
        vm.Run("systemctl", "stop", "smm-agent-rollback.timer");
        Assert.Equal("", string.Join('\n', HostListing.Changes(before, HostListing.From(vm)).Where(SidecarAttachTests.IsForeign)));

        vm.RunAtMost(BootedVm.InstallPatience, "smm-agent", "reconcile", "--confirm-within", "1h");
        await vm.UntilConditionAsync("SidecarRunning", "True");
        Assert.Equal((true, false), (vm.IsActive(StandInSidecar.Unit), vm.IsEnabled(StandInSidecar.Unit)));
        vm.Run("smm-agent", "confirm");

        await vm.UntilAsync(() => vm.IsEnabled(StandInSidecar.Unit), "root has enabled it");
        await vm.UntilConditionAsync("Registered", "True");

        // As Docker does, when it is installed later.
        vm.Run("iptables", "-w", "-t", "nat", "-A", "POSTROUTING", "-s", "10.9.0.0/24", "-j", "MASQUERADE");
        Assert.EndsWith("✓ detached\n", vm.RunAtMost(BootedVm.InstallPatience, "smm-agent", "detach"), StringComparison.Ordinal);
        Assert.Contains("-s 10.9.0.0/24 -j MASQUERADE", vm.Rules(), StringComparison.Ordinal);
        Assert.NotEqual(0, vm.Try("ls", "/var/lib/smm-agent-host/before-attach.json").ExitCode);
    }

    [Fact]
    public async Task UnconfirmedChangeOfAMemberIsRolledBackAndNotRepeated()
    {
        await using var vm = await fixture.BootMemberAsync();
        var sidecar = new StandInSidecar(fixture.Testbed, vm);
        vm.Run("systemctl", "stop", "smm-agent.service");
        var before = vm.Run("cat", SidecarFiles.ClusterEnvironment);
        var starts = sidecar.Starts.Length;
        vm.Run("sed", "-i", "$ a firewall: {managementPorts: [16400, 16401, 2222]}\\nsidecar: {restartPolicy: automatic}",
            "/etc/smm/agent.yaml");
        try
        {
            fixture.Offer(SidecarPackages.NewerVersion);
            await fixture.Testbed.UntilOffersAsync();
            Assert.Contains(
                "✓ restart istio.service", vm.RunAtMost(BootedVm.InstallPatience, "smm-agent", "reconcile", "--confirm-within", "1h"),
                StringComparison.Ordinal);
        }
        finally
        {
            fixture.Offer(SidecarPackages.Version);
        }

        Assert.Contains("2222", vm.Run("cat", SidecarFiles.ClusterEnvironment), StringComparison.Ordinal);
        Assert.Equal(SidecarPackages.NewerVersion, Installed());
        vm.RunAtMost(BootedVm.InstallPatience, "smm-agent", "rollback");

        // A second request for a privileged reconcile would exist by then.
        await vm.UntilAsync(() => vm.Property("smm-agent-reconcile.service", "ActiveState") is "inactive" or "failed",
            "the privileged reconcile has ended");
        await sidecar.UntilAsync(
            () => sidecar.Starts.Length == starts + 2 && vm.IsActive(StandInSidecar.Unit), "it runs with the earlier configuration");
        Assert.Equal((before, SidecarPackages.Version), (vm.Run("cat", SidecarFiles.ClusterEnvironment), Installed()));
        Assert.EndsWith($" {SidecarPackages.Version}", sidecar.Starts[^1], StringComparison.Ordinal);
        Assert.False(vm.IsActive("smm-agent.service"));

        string Installed() => vm.Run("dpkg-query", "-W", "-f", "${Version}", "istio-sidecar");
    }
}
