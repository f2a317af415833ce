using System.Diagnostics;
using SmmAgent.Testbed;

namespace SmmAgent.VmTests;

/// <summary><c>smm-agent reconcile</c> on a booted system.</summary>
public sealed class ReconcileTests(VmFixture fixture) : IClassFixture<VmFixture>
{
    private const string Config = "/etc/smm/agent.yaml";

    [Fact]
    public async Task DryRunPrintsThePlanAndChangesNothing()
    {
        await using var vm = await fixture.BootAsync();
        var before = vm.Rules() + vm.Run("cat", Config);

        var (exitCode, output) = vm.Try("smm-agent", "reconcile", "--dry-run");

        Assert.Equal(0, exitCode);
        Assert.Contains("❯ would generate uuid\n", output, StringComparison.Ordinal);
        Assert.Contains("❯ iptables: write chain SMM-AGENT", output, StringComparison.Ordinal);
        Assert.Contains("❯ would enable and start smm-agent.service\n", output, StringComparison.Ordinal);
        Assert.Equal(before, vm.Rules() + vm.Run("cat", Config));
        Assert.Equal((false, false), (vm.IsActive("smm-agent.service"), vm.IsEnabled("smm-agent.service")));
    }

    [Fact]
    public async Task PackageFromAnUnauthenticatedDashboardIsNotInstalled()
    {
        await using var vm = await fixture.BootAsync();
        vm.Run("sed", "-i", "s/^sidecar: .*/sidecar: {mode: manage}/", Config);
        try
        {
            fixture.Testbed.Mesh.Packages = [
                OfferedPackage.From(AgentPackage.Built.Deb, "istio-sidecar", "1.15.3", "deb", AgentPackage.Architecture.Deb)];
            fixture.Testbed.Mesh.Write();
            await fixture.Testbed.UntilOffersAsync();

            var (exitCode, output) = vm.Try("smm-agent", "reconcile");

            Assert.Equal(1, exitCode);
            const string Why =
                "istio-sidecar 1.15.3 is not installed: the dashboard that offers it uses plain http; use https, or accept the "
                + "risk: sidecar.allowPlaintextPackages: true";
            Assert.Contains($"✗ {Why}\n", output, StringComparison.Ordinal);
            await vm.UntilConditionAsync("SidecarInstalled", $"False UntrustedSource: {Why}");
        }
        finally
        {
            fixture.Testbed.Mesh.Packages = [];
            fixture.Testbed.Mesh.Write();
        }
    }

    [Fact]
    public async Task ReconcileEnablesAndStartsTheDaemonAndWaitsUntilItIsReady()
    {
        await using var vm = await fixture.BootAsync();
        vm.Run("sed", "-i", "1i # of the operator", Config);

        var lines = vm.Run("smm-agent", "reconcile").TrimEnd().Split('\n');

        // The daemon is ready when the command returns.
        Assert.True(vm.IsActive("smm-agent.service"));
        Assert.Equal("✓ reconciling host operating system", lines[0]);
        Assert.StartsWith("✓ uuid not present in config file, new uuid is generated uuid=", lines[1], StringComparison.Ordinal);
        Assert.Equal($"✓ configuration loaded config={Config}", lines[2]);
        Assert.Equal(
            [
                "✓ enabled smm-agent.service, smm-agent-reconcile.path, smm-agent-reconcile.service",
                "✓ smm-agent.service is started and ready",
                "✓ reconciled host operating system",
            ],
            lines[^3..]);
        var uuid = lines[1].Split("uuid=")[1];
        var config = vm.Run("cat", Config).Split('\n');
        Assert.Equal(("# of the operator", $"uuid: {uuid}"), (config[0], config[^2]));
        Assert.Equal("640 root smm-agent", vm.Run("stat", "-c", "%a %U %G", Config).Trim());
        Assert.Equal(
            (true, true, true, true),
            (vm.IsEnabled("smm-agent.service"), vm.IsEnabled("smm-agent-reconcile.path"), vm.IsEnabled("smm-agent-reconcile.service"),
                vm.IsActive("smm-agent-reconcile.path")));

        var again = vm.Run("smm-agent", "reconcile");

        Assert.Contains("✓ smm-agent.service is already running\n", again, StringComparison.Ordinal);
        Assert.DoesNotContain("uuid not present", again, StringComparison.Ordinal);
        Assert.DoesNotContain("enabled", again, StringComparison.Ordinal);
        Assert.Contains("✓ nothing to do\n", vm.Run("smm-agent", "reconcile", "--dry-run"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task DaemonThatCannotStartIsReportedWithTheJournalCommand()
    {
        await using var vm = await fixture.BootAsync();
        vm.ReplaceDaemon("/bin/false");

        var (exitCode, output) = vm.Try("smm-agent", "reconcile");

        Assert.Equal(1, exitCode);
        Assert.EndsWith("✗ smm-agent.service did not start (exit-code): journalctl -u smm-agent -e\n", output, StringComparison.Ordinal);

        vm.Run("systemctl", "stop", "smm-agent.service");
        vm.Run("systemctl", "mask", "--runtime", "smm-agent.service");

        (exitCode, output) = vm.Try("smm-agent", "reconcile");

        Assert.Equal(1, exitCode);
        Assert.EndsWith("✗ smm-agent.service is masked, so it cannot be started: sudo systemctl unmask --runtime smm-agent\n", output,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task ReconcileWaitsHalfAMinuteForTheDaemonToBeReady()
    {
        await using var vm = await fixture.BootAsync();
        vm.ReplaceDaemon("/bin/sleep infinity");

        var watch = Stopwatch.StartNew();
        var (exitCode, output) = vm.Try(TimeSpan.FromMinutes(2), "smm-agent", "reconcile");

        Assert.Equal(5, exitCode);
        Assert.EndsWith("\n✗ smm-agent.service is not ready after 30 s: journalctl -u smm-agent -e\n", output, StringComparison.Ordinal);
        Assert.InRange(watch.Elapsed, TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(60));
        // systemd ends the daemon after TimeoutStartSec; the rules are in place regardless.
        Assert.Equal("activating", vm.Property("smm-agent.service", "ActiveState"));
        Assert.Contains("SMM-AGENT", vm.Rules(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ReconcileRequestsRunThePrivilegedReconcileAtMostOnceInTenSeconds()
    {
        await using var vm = await fixture.BootAsync();
        vm.Run("smm-agent", "reconcile");

        await AskAsync();
        var first = Runs();
        await AskAsync(isAnswered: false);
        await vm.UntilAsync(() => Runs().Length == 2, "the second request is answered");

        Assert.InRange(Runs()[1] - Runs()[0], 10, 60);
        Assert.Single(first);

        async Task AskAsync(bool isAnswered = true)
        {
            vm.Run("sudo", "-u", "smm-agent", "touch", "/run/smm-agent/reconcile-request");
            if (isAnswered)
                await vm.UntilAsync(
                    () => Runs().Length == 1 && vm.Try("ls", "/run/smm-agent/reconcile-request").ExitCode != 0, "the request is answered");
        }

        // The end of the privileged reconcile, in seconds.
        double[] Runs() =>
        [
            .. vm.Run("journalctl", "-o", "short-monotonic", "--no-pager", "-u", "smm-agent-reconcile.service").Split('\n')
                .Where(line => line.Contains("✓ reconciled host operating system", StringComparison.Ordinal))
                .Select(line =>
                    double.Parse(line[1..line.IndexOf(']', StringComparison.Ordinal)], System.Globalization.CultureInfo.InvariantCulture)),
        ];
    }
}
