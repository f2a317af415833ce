using System.Diagnostics;
using System.Globalization;
using SmmAgent.Testbed;

namespace SmmAgent.VmTests;

/// <summary>A restart of the host removes the token of the sidecar; everything recovers automatically, and then logs nothing.</summary>
public sealed class SidecarBootTests(SidecarVmFixture fixture) : IClassFixture<SidecarVmFixture>
{
    private const string Daemon = "smm-agent.service";
    private const string PrivilegedReconcile = "smm-agent-reconcile.service";

    private static readonly TimeSpan Minutes = TimeSpan.FromMinutes(2);

    // No server answers, as behind a firewall that drops packets.
    private static readonly string[] FromVm = ["INPUT", "-i", "eth0", "-p", "tcp", "--dport", "8443", "-j", "DROP"];

    [Fact]
    public async Task SidecarWithoutATokenIsStartedOnceTheDashboardProvidesOne()
    {
        await using var vm = await fixture.BootMemberAsync();
        var sidecar = new StandInSidecar(fixture.Testbed, vm);
        vm.Run("rm", "/var/lib/smm-agent-host/istio-token");

        await vm.RebootAsync();

        await vm.UntilConditionAsync("Registered", "True ", Minutes);
        Assert.DoesNotContain("failed to fetch token", sidecar.Read(StandInSidecar.Log), StringComparison.Ordinal);
        Assert.Equal(2, sidecar.Starts.Length);

        // The sidecar also has no certificate with which it could register.
        vm.Run("rm", "/var/lib/smm-agent-host/istio-token", "/etc/certs/cert-chain.pem", "/etc/certs/key.pem");
        fixture.Testbed.Cluster.Run(["iptables", "-w", "-I", .. FromVm]);
        await fixture.Testbed.StopDashboardAsync();
        try
        {
            await vm.RebootAsync();

            Assert.Matches(
                "^False NotRunning: istio.service is not started before it has an istio-token: .*dashboard",
                await vm.UntilConditionAsync("SidecarRunning", "False NotRunning", Minutes));
            await vm.UntilConditionAsync("Registered", "False SidecarNotRunning", Minutes);
            Assert.Equal(("inactive", 2), (vm.Property(StandInSidecar.Unit, "ActiveState"), sidecar.Starts.Length));
            Assert.DoesNotContain("ISTIO_", vm.Rules(), StringComparison.Ordinal);
            Assert.True(MeshTestbed.Reaches(fixture.Testbed.Vm, MeshTestbed.FirstGateway, 15021));
        }
        finally
        {
            fixture.Testbed.Cluster.Run(["iptables", "-w", "-D", .. FromVm]);
            await fixture.Testbed.StartDashboardAsync();
        }

        await vm.UntilConditionAsync("Registered", "True ", Minutes);
        Assert.Equal(3, sidecar.Starts.Length);
    }

    [Fact]
    public async Task RebootWithoutTheDashboardStartsTheSidecarWhichRegistersOnceTheDashboardIsBack()
    {
        await using var vm = await fixture.BootMemberAsync();
        var sidecar = new StandInSidecar(fixture.Testbed, vm);
        var token = vm.Run("cat", "/run/secrets/tokens/istio-token");
        fixture.Testbed.Cluster.Run(["iptables", "-w", "-I", .. FromVm]);
        await fixture.Testbed.StopDashboardAsync();
        try
        {
            await vm.RebootAsync();

            await sidecar.UntilAsync(() => vm.IsActive(StandInSidecar.Unit) && sidecar.Starts.Length == 2, "it runs again");
            Assert.Equal(token, vm.Run("cat", "/run/secrets/tokens/istio-token"));
            Assert.DoesNotContain("failed to fetch token", sidecar.Read(StandInSidecar.Log), StringComparison.Ordinal);
            Assert.InRange(At(StandInSidecar.Unit, "ActiveEnter") - At(PrivilegedReconcile, "ActiveEnter"), TimeSpan.Zero,
                TimeSpan.FromSeconds(5));
            Assert.InRange(At(PrivilegedReconcile, "ActiveEnter") - At(PrivilegedReconcile, "InactiveExit"), TimeSpan.Zero,
                TimeSpan.FromSeconds(5));
            await vm.UntilConditionAsync("SidecarRunning", "False NotReady", Minutes);
        }
        finally
        {
            fixture.Testbed.Cluster.Run(["iptables", "-w", "-D", .. FromVm]);
            await fixture.Testbed.StartDashboardAsync();
        }

        await sidecar.UntilReadyAsync();
        await vm.UntilConditionAsync("Registered", "True ", Minutes);
        await vm.UntilConditionAsync("SidecarRunning", "True ");
        await vm.UntilConditionAsync("SidecarCurrent", "True Current");
        await vm.UntilStatusAsync(BootedVm.Attached, Minutes);
        Assert.Equal(2, sidecar.Starts.Length);
        await vm.UntilAsync(() => !IsUp(PrivilegedReconcile) && !IsUp("smm-agent-reconcile-request.service"),
            "the privileged reconcile has ended");
        var before = Signs();
        var watch = Stopwatch.StartNew();

        // Until then every periodic task has run, and one long poll has ended.
        await vm.UntilAsync(() => watch.Elapsed > TimeSpan.FromSeconds(62), "a minute is over", Minutes);

        Assert.Equal(before, Signs());

        TimeSpan At(string unit, string what) =>
            TimeSpan.FromMicroseconds(long.Parse(vm.Property(unit, $"{what}TimestampMonotonic"), CultureInfo.InvariantCulture));

        bool IsUp(string unit) => vm.Property(unit, "ActiveState") is not ("inactive" or "failed");

        // The lines of the journal, the last privileged reconcile, and the page faults of the daemon's children: each one has a value.
        (string Lines, string Root, string Children) Signs() => (
            vm.Run("journalctl", "--no-pager", "-o", "cat", "-b", "-u", "smm-agent*"),
            vm.Property(PrivilegedReconcile, "ExecMainStartTimestampMonotonic"),
            vm.Run("sh", "-c", $"cut -d ' ' -f 11 /proc/{vm.Property(Daemon, "MainPID")}/stat"));
    }
}
