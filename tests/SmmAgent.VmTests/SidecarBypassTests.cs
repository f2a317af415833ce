using SmmAgent.Testbed;

namespace SmmAgent.VmTests;

/// <summary>
/// Beside a sidecar that captures the traffic of the host, the agent probes the real gateways, dashboard and name servers.
/// </summary>
public sealed class SidecarBypassTests(SidecarVmFixture fixture) : IClassFixture<SidecarVmFixture>
{
    // A requested observation, and the one that confirms it.
    private static readonly TimeSpan ObservationPatience = TimeSpan.FromSeconds(15);

    [Fact]
    public async Task UnreachablePeersAreReportedAlthoughTheSidecarAcceptsEveryConnection()
    {
        await using var vm = await fixture.BootMemberAsync();
        var sidecar = new StandInSidecar(fixture.Testbed, vm);
        await vm.UntilConditionAsync("GatewaysReachable", "True Reachable");
        await vm.UntilConditionAsync("Registered", "True Registered");
        await vm.UntilConditionAsync("SidecarCurrent", "True Current");
        var group = vm.Run("getent", "group", "smm-agent").Split(':')[2];
        Assert.Contains(
            $"ISTIO_OUTBOUND_OWNER_GROUPS_EXCLUDE='{group}'\n", sidecar.Read("/etc/smm/sidecar/cluster.env"), StringComparison.Ordinal);

        await NamesAsync(vm);
        // After three starts of Envoy, no healthy gateway was reported as refusing.
        Assert.DoesNotMatch(
            "fails: .* refused|GatewaysReachable is False", vm.Run("journalctl", "--no-pager", "-o", "cat", "-u", "smm-agent"));
        await CaptureAsync(vm, group);

        await fixture.Testbed.StopDashboardAsync();
        try
        {
            vm.Run("systemctl", "reload", "smm-agent");
            await vm.UntilConditionAsync("DashboardReachable", "False Refused", ObservationPatience);
            Assert.Contains("✗ Connection", vm.Try("smm-agent", "check", "--verbose").Output, StringComparison.Ordinal);
        }
        finally
        {
            await fixture.Testbed.StartDashboardAsync();
        }

        await vm.UntilConditionAsync("DashboardReachable", "True Reachable");
        await vm.UntilConditionAsync("Registered", "True Registered");
        await GatewaysOffAsync(vm);
    }

    private async Task GatewaysOffAsync(BootedVm vm)
    {
        try
        {
            await fixture.Testbed.StopGatewayAsync(MeshTestbed.FirstGateway);
            await fixture.Testbed.StopGatewayAsync(MeshTestbed.SecondGateway);
            vm.Run("systemctl", "reload", "smm-agent");
            await vm.UntilConditionAsync("GatewaysReachable", "False Refused", ObservationPatience);
            await vm.UntilAsync(
                () => vm.Condition("Registered") != "True", "the agent no longer says that the VM is registered", TimeSpan.FromSeconds(30));
        }
        finally
        {
            await fixture.Testbed.StartGatewayAsync(MeshTestbed.FirstGateway, echo: true);
            await fixture.Testbed.StartGatewayAsync(MeshTestbed.SecondGateway);
        }
    }

    // The VM's INPUT drops, so that answers over UDP are lost where the sidecar captures DNS, but those of a name server on the VM are not.
    private async Task NamesAsync(BootedVm vm)
    {
        await using var inCluster = await MeshTestbed.StartNameServerAsync(fixture.Testbed.Cluster, MeshTestbed.DashboardAddress);
        await using var onVm = await MeshTestbed.StartNameServerAsync(fixture.Testbed.Vm, "127.0.0.53");
        var gateways = fixture.Testbed.Mesh.Gateways;
        try
        {
            foreach (var (server, name) in new[] { (MeshTestbed.DashboardAddress, "no-such.example"), ("127.0.0.53", "nor-this.example") })
            {
                vm.Run("sh", "-c", $"rm -f /etc/resolv.conf; echo nameserver {server} >/etc/resolv.conf");
                vm.Run("systemctl", "restart", "istio");
                await vm.UntilConditionAsync("SidecarRunning", "True Running");
                fixture.Testbed.Mesh.Gateways = [(MeshTestbed.GatewayName, [MeshTestbed.FirstGateway, name])];
                fixture.Testbed.Mesh.Write();

                await vm.UntilAsync(
                    () => vm.ConditionText("GatewaysReachable")
                        .Contains($"{name}:15012 does not resolve: no such name", StringComparison.Ordinal),
                    $"{name} is no name");
                var check = vm.Try("smm-agent", "check", "--verbose").Output;
                Assert.Contains("does not resolve: no such name", check, StringComparison.Ordinal);
                Assert.Contains(
                    "names of other Kubernetes namespaces than vm-integration resolve in this mesh: the sidecar resolves "
                    + "kubernetes.default.svc.cluster.local", check, StringComparison.Ordinal);
            }

            OwnNamesOnly(vm);
        }
        finally
        {
            fixture.Testbed.Mesh.Gateways = gateways;
            fixture.Testbed.Mesh.Write();
        }

        await vm.UntilConditionAsync("GatewaysReachable", "True Reachable");
    }

    // Some meshes give a VM the names of its own namespace only.
    private static void OwnNamesOnly(BootedVm vm)
    {
        vm.Run("sh", "-c", $"echo 'web.vm-integration 10.96.0.2' >{IstioStandIn.IstioSidecarPackage.State}/services");
        Assert.Contains(
            "only names of the Kubernetes namespace vm-integration resolve in this mesh: the sidecar does not resolve "
            + "kubernetes.default.svc.cluster.local", vm.Try("smm-agent", "check", "--verbose").Output, StringComparison.Ordinal);
        vm.Run("rm", $"{IstioStandIn.IstioSidecarPackage.State}/services");
    }

    private static async Task CaptureAsync(BootedVm vm, string group)
    {
        vm.Run("iptables", "-w", "-t", "nat", "-D", "ISTIO_OUTPUT", "-m", "owner", "--gid-owner", group, "-j", "RETURN");
        vm.Run("systemctl", "reload", "smm-agent");
        await vm.UntilConditionAsync("GatewaysReachable", "Unknown CapturedBySidecar", ObservationPatience);
        Assert.EndsWith("; the sidecar was started before the agent was excluded: sudo systemctl restart istio",
            vm.ConditionText("GatewaysReachable"), StringComparison.Ordinal);
        Assert.StartsWith("Unknown CapturedBySidecar", vm.ConditionText("DashboardReachable"), StringComparison.Ordinal);

        var check = vm.Try("smm-agent", "check", "--verbose").Output;
        Assert.Contains(
            "was not reached directly: the sidecar captures this program's own connections to it", check, StringComparison.Ordinal);
        Assert.DoesNotContain("answers in", check, StringComparison.Ordinal);

        vm.RunLine(AdvisedCommands.FindOne(vm.ConditionText("GatewaysReachable")));
        await vm.UntilConditionAsync("GatewaysReachable", "True Reachable");
        await vm.UntilConditionAsync("Registered", "True Registered");
    }
}
