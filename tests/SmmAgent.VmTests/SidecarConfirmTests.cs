namespace SmmAgent.VmTests;

/// <summary>A change of the sidecar that nobody confirms is undone.</summary>
[Collection(VmFixture.OneAtATime)]
public sealed class SidecarConfirmTests(SidecarVmFixture fixture) : IClassFixture<SidecarVmFixture>
{
    [Fact]
    public async Task OnlyWhatIsConfirmedStays()
    {
        await using var vm = await fixture.BootAsync();
        await fixture.StartWorkloadsAsync();
        var before = HostListing.Of(vm);

        vm.RunAtMost(BootedVm.InstallPatience, "smm-agent", "reconcile", "--confirm-within", "1h");

        Assert.Equal((true, false), (vm.IsActive(StandInSidecar.Unit), vm.IsEnabled(StandInSidecar.Unit)));
        // What the timer runs; that it does is shown where the change takes no package manager's time.
        vm.RunAtMost(BootedVm.InstallPatience, "smm-agent", "rollback");
        vm.Run("systemctl", "stop", "smm-agent-rollback.timer");
        Assert.Equal("", string.Join('\n', HostListing.Changes(before, HostListing.Of(vm)).Where(SidecarAttachTests.IsForeign)));

        vm.RunAtMost(BootedVm.InstallPatience, "smm-agent", "reconcile", "--confirm-within", "1h");
        await vm.UntilToldAsync("SidecarRunning", "True");
        Assert.Equal((true, false), (vm.IsActive(StandInSidecar.Unit), vm.IsEnabled(StandInSidecar.Unit)));
        vm.Run("smm-agent", "confirm");

        await vm.UntilAsync(() => vm.IsEnabled(StandInSidecar.Unit), "root has enabled it");
        await vm.UntilToldAsync("Registered", "True");
    }
}
