using SmmAgent.Testbed;

namespace SmmAgent.VmTests;

/// <summary>A failing sidecar or a failing installation is reported, and disconnects no VM.</summary>
public sealed class SidecarFailureTests(SidecarVmFixture fixture) : IClassFixture<SidecarVmFixture>
{
    // A hold, the pause of the privileged reconcile before it, and the observations between.
    private static readonly TimeSpan Hold = TimeSpan.FromSeconds(100);

    [Fact]
    public async Task CrashingSidecarIsHeldBackWithoutCaptureAndUnreadySidecarIsReported()
    {
        await using var vm = await fixture.BootMemberAsync();
        var sidecar = new StandInSidecar(fixture.Testbed, vm);
        // Its capture rules remain after its end, as with Istio, where they disconnected hosts; and it fails faster than Istio.
        vm.DropIn(StandInSidecar.Unit, "[Service]\nExecStopPost=\nRestartSec=2\n");

        sidecar.SetBehaviour("crash");
        await vm.UntilConditionAsync(
            "SidecarRunning",
            "False CrashLoop: the sidecar is held back, and captures no traffic: it failed 3 times in a row; the next start is at 20",
            Hold);
        await vm.UntilAsync(() => vm.Property(StandInSidecar.Unit, "ActiveState") == "inactive", "root has stopped it");
        await vm.UntilAsync(
            () => !vm.Rules().Contains("-j ISTIO_", StringComparison.Ordinal), "its capture is gone", TimeSpan.FromSeconds(5));
        Assert.Equal(
            (true, true), (MeshTestbed.Reaches(fixture.Testbed.Vm, MeshTestbed.FirstGateway, 15021),
                fixture.Testbed.ClusterReaches(MeshTestbed.VmAddress, 8080)));

        sidecar.SetBehaviour(null);
        await vm.UntilConditionAsync("SidecarRunning", "True Running", Hold);

        await vm.UntilConditionAsync("Registered", "True", Hold);
        Assert.Contains("-j ISTIO_OUTPUT", vm.Rules(), StringComparison.Ordinal);

        sidecar.SetBehaviour("unready");
        await vm.UntilConditionAsync("SidecarRunning", "False NotReady", Hold);
        var starts = sidecar.Starts.Length;
        sidecar.SetBehaviour("hang");
        vm.Run("systemctl", "kill", "-s", "KILL", StandInSidecar.Unit);
        await sidecar.UntilAsync(
            () => sidecar.Starts.Length > starts && sidecar.Readiness == 0 && vm.IsActive(StandInSidecar.Unit), "it hangs");
        await vm.UntilConditionAsync("SidecarRunning", "False NotReady");
    }

    [Fact]
    public async Task FailedUpgradeKeepsTheOldVersionRunningAndIsRetriedOnceFixed()
    {
        await using var vm = await fixture.BootMemberAsync();
        var sidecar = new StandInSidecar(fixture.Testbed, vm);
        vm.Run("sed", "-i", "$ a sidecar: {restartPolicy: automatic}", "/etc/smm/agent.yaml");
        try
        {
            fixture.OfferFailing(SidecarPackages.NewerVersion);
            await vm.UntilConditionAsync(
                "SidecarInstalled",
                "True Degraded: istio-sidecar 1.15.3 is installed, but the mesh wants another version: istio-sidecar 1.15.4 is not "
                + "installed: dpkg: error processing package",
                Hold);

            Assert.EndsWith("; 1.15.3 was restored", vm.ConditionText("SidecarInstalled"), StringComparison.Ordinal);
            Assert.Equal(SidecarPackages.Version, vm.Run("dpkg-query", "-W", "-f", "${Version}", "istio-sidecar"));
            await vm.UntilConditionAsync("SidecarRunning", "True");
            // The second request comes half a minute after the first, the third a minute later. The first package may take some of that
            // time to arrive;
            // a request at once would be answered within the 10 s that the unit rests, and the few that a run takes.
            await vm.UntilAsync(() => Tries().Length == 2, "it is tried again", Hold);
            Assert.True(Tries()[1] - Tries()[0] is >= 15 and <= 60,
                vm.Run("journalctl", "-o", "short-monotonic", "--no-pager", "-n", "120"));
            // The agent cut no connection for it, although the operator permits restarts.
            Assert.Single(sidecar.Starts);

            fixture.Offer(SidecarPackages.NewerVersion);
            await vm.UntilConditionAsync("SidecarInstalled", "True Installed: istio-sidecar 1.15.4 is installed");

            await vm.UntilConditionAsync("SidecarCurrent", "True Current", Hold);
            await sidecar.UntilAsync(
                () => sidecar.Starts[^1].EndsWith($" {SidecarPackages.NewerVersion}", StringComparison.Ordinal), "the new version runs");
            Assert.Equal((2, 2), (sidecar.Starts.Length, Tries().Length));
        }
        finally
        {
            fixture.Offer(SidecarPackages.Version);
        }

        // The times of the attempts, in seconds.
        double[] Tries() =>
        [
            .. vm.Run("journalctl", "-o", "short-monotonic", "--no-pager", "-u", "smm-agent-reconcile.service").Split('\n')
                .Where(line => line.Contains("✗ install istio-sidecar", StringComparison.Ordinal))
                .Select(line =>
                    double.Parse(line[1..line.IndexOf(']', StringComparison.Ordinal)], System.Globalization.CultureInfo.InvariantCulture)),
        ];
    }

    [Fact]
    public async Task UninstallablePackageIsReportedWithTheReasonAndLeavesNothing()
    {
        await using var vm = await fixture.BootAsync();
        var offered = fixture.Testbed.Mesh.Packages;
        try
        {
            await OfferAsync(package => package with { Sha256 = new('0', 64) });
            await RefusedAsync("WrongChecksum", "its SHA-256 is ");

            // Also a wrong checksum: the daemon retries automatically, and must find nothing to install once the disk has space again.
            await OfferAsync(package => package with { Sha256 = new('1', 64) });
            vm.Run("mount", "-t", "tmpfs", "-o", "size=12k,mode=0755", "none", "/var/cache/smm-agent");
            await RefusedAsync("DiskFull", "/var/cache/smm-agent");
            vm.Run("umount", "--lazy", "/var/cache/smm-agent");

            var other = AgentPackage.Architecture.Deb == "amd64" ? "arm64" : "amd64";
            var lying = OfferedPackage.From(
                fixture.BuildSidecar("1.15.2", other), "istio-sidecar", "1.15.2", "deb", AgentPackage.Architecture.Deb);
            await OfferAsync(_ => lying);
            await RefusedAsync("WrongArchitecture", $"the archive is for {other}");

            await OfferAsync(package => package with { Architecture = other });
            await RefusedAsync("NotOffered", "the mesh configuration offers no istio-sidecar package of the format deb");
        }
        finally
        {
            await OfferAsync(package => package);
        }

        // The daemon may have requested it first.
        vm.RunAtMost(BootedVm.InstallPatience, "smm-agent", "reconcile");
        Assert.True(vm.IsActive(StandInSidecar.Unit));

        async Task OfferAsync(Func<OfferedPackage, OfferedPackage> change)
        {
            fixture.Testbed.Mesh.Packages = [.. offered.Select(change)];
            fixture.Testbed.Mesh.Write();
            await fixture.Testbed.UntilOffersAsync();
        }

        async Task RefusedAsync(string reason, string why)
        {
            var (exitCode, output) = vm.Try(BootedVm.InstallPatience, "smm-agent", "reconcile");
            Assert.Equal(1, exitCode);
            Assert.Matches($"(?m)^✗ .*{System.Text.RegularExpressions.Regex.Escape(why)}", output);
            Assert.Contains(why, await vm.UntilConditionAsync("SidecarInstalled", $"False {reason}"), StringComparison.Ordinal);
            Assert.NotEqual(0, vm.Try("ls", "/usr/local/bin/pilot-agent").ExitCode);
        }
    }
}
