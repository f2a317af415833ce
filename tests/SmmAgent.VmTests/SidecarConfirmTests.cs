namespace SmmAgent.VmTests;

/// <summary>A change of the sidecar that nobody confirms is undone.</summary>
[Collection(VmFixture.OneAtATime)]
public sealed class SidecarConfirmTests(SidecarVmFixture fixture) : IClassFixture<SidecarVmFixture>
{
    private const string Environment = "/var/lib/istio/envoy/cluster.env";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task OnlyWhatIsConfirmedStays()
    {
        await using var vm = await fixture.BootAsync();
        await fixture.StartWorkloadsAsync();
        var before = HostListing.Of(vm);

        // It waits for the registration, but leaves the operator time to confirm.
        var (exitCode, output) = vm.Try(BootedVm.InstallPatience, "smm-agent", "reconcile", "--confirm-within", "20s");
        Assert.Contains(exitCode, (int[])[0, 5]);
        Assert.Matches(@"! not confirmed: in \d+ s all of it is rolled back", output);

        Assert.Equal((true, false), (vm.IsActive(StandInSidecar.Unit), vm.IsEnabled(StandInSidecar.Unit)));
        await UntilRolledBackAsync(vm);
        Assert.Equal("", string.Join('\n', HostListing.Changes(before, HostListing.Of(vm)).Where(SidecarAttachTests.IsForeign)));

        vm.RunAtMost(BootedVm.InstallPatience, "smm-agent", "reconcile", "--confirm-within", "1h");
        await vm.UntilToldAsync("SidecarRunning", "True");
        Assert.Equal((true, false), (vm.IsActive(StandInSidecar.Unit), vm.IsEnabled(StandInSidecar.Unit)));
        vm.Run("smm-agent", "confirm");

        await vm.UntilAsync(() => vm.IsEnabled(StandInSidecar.Unit), "root has enabled it");
        await vm.UntilToldAsync("Registered", "True");

        // The daemon would make the change, too, which the operator wants to try first.
        vm.Run("systemctl", "stop", "smm-agent.service");
        var configuration = vm.Run("cat", Environment);
        var sidecar = new StandInSidecar(fixture.Bed, vm);
        var starts = sidecar.Starts.Length;
        vm.Run("sed", "-i", "-e", "$ a firewall: {managementPorts: [17000]}", "-e", "$ a sidecar: {restartPolicy: automatic}", "/etc/smm/agent.yaml");
        vm.Try(BootedVm.InstallPatience, "smm-agent", "reconcile", "--confirm-within", "20s");
        Assert.Contains("17000", vm.Run("cat", Environment), StringComparison.Ordinal);

        await UntilRolledBackAsync(vm);

        Assert.Equal(configuration, vm.Run("cat", Environment));
        Assert.Equal((true, true), (vm.IsActive(StandInSidecar.Unit), vm.IsEnabled(StandInSidecar.Unit)));
        Assert.Equal(starts + 2, sidecar.Starts.Length);
    }

    private static Task UntilRolledBackAsync(BootedVm vm) => vm.UntilAsync(
        () => vm.Try("ls", "/var/lib/smm-agent-host/undo").ExitCode != 0 && vm.Property("smm-agent-rollback.service", "ActiveState") == "inactive", "it is rolled back", Patience);
}
