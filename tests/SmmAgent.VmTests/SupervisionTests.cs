using SmmAgent.Testbed;

namespace SmmAgent.VmTests;

/// <summary>The daemon is restarted after every kind of end, and the VM remains attached meanwhile.</summary>
public sealed class SupervisionTests(VmFixture fixture) : IClassFixture<VmFixture>
{
    private const string Unit = "smm-agent.service";

    [Theory, MemberData(nameof(Distribution.All), MemberType = typeof(Distribution))]
    public async Task KilledDaemonRestartsAndNoConnectionIsLost(string distribution)
    {
        await using var vm = await fixture.BootAttachedAsync(distribution);
        await using var probe = await ConnectionProbe.StartAsync(fixture.Testbed, 8080);

        vm.Run("systemctl", "kill", "-s", "KILL", Unit);

        await vm.UntilAsync(() => HasRestarted(vm), "it is ready again");
        await vm.UntilStatusAsync(BootedVm.Attached);
        await probe.MoreAsync();
        Assert.Equal(0, probe.Lost);
    }

    [Fact]
    public async Task HungDaemonIsKilledByTheWatchdogAndRestarts()
    {
        await using var vm = await fixture.BootAttachedAsync();
        vm.DropIn(Unit, "[Service]\nWatchdogSec=4\n");
        vm.Run("systemctl", "restart", Unit);
        await vm.UntilStatusAsync(BootedVm.Attached);
        await using var probe = await ConnectionProbe.StartAsync(fixture.Testbed, 8080);

        vm.Run("systemctl", "kill", "-s", "STOP", Unit);

        await vm.UntilAsync(() => HasRestarted(vm), "it is ready again");
        await vm.UntilStatusAsync(BootedVm.Attached);
        await probe.MoreAsync();
        Assert.Equal(0, probe.Lost);
        Assert.Contains("Watchdog timeout (limit 4s)!", vm.Run("journalctl", "--no-pager", "-u", Unit), StringComparison.Ordinal);
    }

    [Fact]
    public async Task WatchdogDoesNotKillAWorkingDaemon()
    {
        await using var vm = await fixture.BootAttachedAsync();
        vm.DropIn(Unit, "[Service]\nWatchdogSec=4\n");
        vm.Run("systemctl", "restart", Unit);
        var process = vm.Property(Unit, "MainPID");
        var signs = new HashSet<string>();

        await vm.UntilAsync(
            () => signs.Add(vm.Property(Unit, "WatchdogTimestampMonotonic")) && signs.Count > 5, "it gave five signs of life");

        Assert.Equal((process, "0"), (vm.Property(Unit, "MainPID"), vm.Property(Unit, "NRestarts")));
    }

    [Theory, MemberData(nameof(Distribution.All), MemberType = typeof(Distribution))]
    public async Task RebootWithoutTheDashboardKeepsTheVmAttached(string distribution)
    {
        await using var vm = await fixture.BootAttachedAsync(distribution);
        await fixture.Testbed.StopDashboardAsync();
        try
        {
            await vm.RebootAsync();

            await vm.UntilAsync(() => vm.IsActive(Unit) && vm.Condition("PortsOpen") == "True"
                && vm.Condition("GatewaysReachable") == "True", "it is attached again");
            Assert.True(fixture.Testbed.ClusterReaches(MeshTestbed.VmAddress, 8080));
            // The daemon observes the ports that a privileged reconcile opened before this reconcile ends.
            await vm.UntilAsync(
                () => vm.Property("smm-agent-reconcile.service", "ExecMainExitTimestampMonotonic") != "0", "a privileged reconcile ended");
            Assert.Equal("success", vm.Property("smm-agent-reconcile.service", "Result"));
            await vm.UntilStatusAsync("Degraded: ");
        }
        finally
        {
            await fixture.Testbed.StartDashboardAsync();
        }

        await vm.UntilStatusAsync(BootedVm.Attached, TimeSpan.FromMinutes(2));
    }

    [Fact]
    public async Task ConnectionProbeDetectsAPortThatWasClosedBriefly()
    {
        await using var vm = await fixture.BootAttachedAsync();
        await using var probe = await ConnectionProbe.StartAsync(fixture.Testbed, 8080);
        Assert.Equal(0, probe.Lost);
        string[] shut = ["PREROUTING", "-p", "tcp", "--dport", "8080", "-j", "DROP"];

        vm.Run(["iptables", "-w", "-t", "raw", "-I", .. shut]);
        await vm.UntilAsync(() => probe.Lost > 0, "a loss was counted");
        vm.Run(["iptables", "-w", "-t", "raw", "-D", .. shut]);

        await probe.MoreAsync();
    }

    private static bool HasRestarted(BootedVm vm) => vm.Property(Unit, "NRestarts") == "1" && vm.IsActive(Unit);
}
