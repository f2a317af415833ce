using IstioStandIn;
using SmmAgent.Testbed;

namespace SmmAgent.VmTests;

/// <summary>The modes of the sidecar, and the files that remain after the removal of the agent.</summary>
public sealed class SidecarModeTests(SidecarVmFixture fixture) : IClassFixture<SidecarVmFixture>
{
    [Fact]
    public async Task CheckModeChangesNothingOffModeObservesNothingAndMaskedUnitIsNotStarted()
    {
        await using var vm = await fixture.BootAsync();
        SetMode("check");
        var before = HostListing.From(vm);

        var output = vm.Run("smm-agent", "reconcile", "--host-only");

        Assert.Contains("! left to you, because sidecar.mode is check: install istio-sidecar 1.15.3\n", output, StringComparison.Ordinal);
        Assert.Equal("", string.Join('\n', HostListing.Changes(before, HostListing.From(vm)).Where(SidecarAttachTests.IsForeign)));
        vm.Run("smm-agent", "reconcile");
        Assert.Contains("sidecar.mode is check, so this is left to you",
            await vm.UntilConditionAsync("SidecarInstalled", "False NotInstalled"), StringComparison.Ordinal);

        SetMode("off");
        await vm.UntilConditionAsync("SidecarInstalled", "Unknown Disabled");
        Assert.NotEqual(0, vm.Try("ls", "/usr/local/bin/pilot-agent").ExitCode);

        SetMode("manage");
        vm.Run("systemctl", "mask", StandInSidecar.Unit);
        var (exitCode, masked) = vm.Try(BootedVm.InstallPatience, "smm-agent", "reconcile");
        Assert.Equal(1, exitCode);
        Assert.Contains(
            "✗ istio.service is masked, so the sidecar is not started: sudo systemctl unmask istio\n", masked, StringComparison.Ordinal);
        await vm.UntilConditionAsync(
            "SidecarRunning", "False NotRunning: istio.service is masked, so it is not started: sudo systemctl unmask istio");
        Assert.DoesNotContain("ISTIO_", vm.Rules(), StringComparison.Ordinal);

        vm.Run("systemctl", "unmask", StandInSidecar.Unit);
        vm.RunAtMost(BootedVm.InstallPatience, "smm-agent", "reconcile");
        await vm.UntilConditionAsync("SidecarRunning", "True");
        // In this mode the daemon also knows the state that only root can observe.
        SetMode("check");
        await vm.UntilConditionAsync("SidecarCurrent", "True");

        void SetMode(string mode)
        {
            vm.Run("sed", "-i", "/^sidecar:/d", "/etc/smm/agent.yaml");
            vm.Run("sed", "-i", $"$ a sidecar: {{mode: {mode}}}", "/etc/smm/agent.yaml");
        }
    }

    [Fact]
    public async Task PurgeKeepsTheSidecarPackageAndPrintsAWorkingRemovalCommand()
    {
        await using var vm = await fixture.BootAsync();
        var before = HostListing.From(vm);
        vm.RunAtMost(BootedVm.InstallPatience, "smm-agent", "reconcile");
        await vm.UntilConditionAsync("SidecarRunning", "True");
        Assert.True(vm.IsActive("smm-agent-sidecar-logs.timer"));

        // Shorter than a wait for the lock of dpkg. The script of the package runs the same steps as detach --keep-packages.
        var output = vm.RunAtMost(TimeSpan.FromSeconds(60), "apt-get", "purge", "-y", "smm-agent");

        const string command = "apt-get purge istio-sidecar";
        Assert.True(
            output.Contains(
                "the package istio-sidecar, which the agent installed, stays, because no package can be removed "
                + "during the removal of another. The sidecar is stopped and disabled. "
                + $"To remove the package: sudo {command} (\"sudo smm-agent detach\" before the removal of smm-agent also removes it)",
                StringComparison.Ordinal),
            output);
        Assert.Equal("1.15.3 installed", vm.Run("dpkg-query", "-W", "-f", "${Version} ${db:Status-Status}", "istio-sidecar"));
        Assert.Equal((false, false), (vm.IsActive(StandInSidecar.Unit), vm.IsEnabled(StandInSidecar.Unit)));
        Assert.DoesNotContain("ISTIO_", vm.Rules(), StringComparison.Ordinal);
        Assert.DoesNotContain("istiod", vm.Run("cat", "/etc/hosts"), StringComparison.Ordinal);
        Assert.Equal((true, false), (
            MeshTestbed.Reaches(fixture.Testbed.Vm, MeshTestbed.FirstGateway, 15021),
            fixture.Testbed.ClusterReaches(MeshTestbed.VmAddress, 8080)));
        Assert.False(vm.IsActive("smm-agent-sidecar-logs.timer"));
        string[] remains =
        [
            "/etc/certs", "/etc/group", "/etc/gshadow", "/etc/istio", "/etc/passwd", "/etc/shadow", "/var/lib/istio",
            "/var/lib/istio/config", "/var/lib/istio/proxy",
            "/var/lib/istio/stand-in",
        ];
        string[] package =
        [
            "/usr/lib/systemd/system/istio.service", "/usr/local/bin/envoy", "/usr/local/bin/istio-start.sh", "/usr/local/bin/pilot-agent",
            "/usr/local/lib/istio-stand-in",
            "/usr/local/lib/istio-stand-in/capture", "/usr/local/lib/istio-stand-in/registration", "/var/lib/istio/envoy",
            "/var/lib/istio/envoy/sidecar.env",
            "istio.service disabled enabled",
        ];
        Assert.Equal(remains.Concat(package).Order(StringComparer.Ordinal), Added(before, vm));

        vm.RunAtMost(BootedVm.InstallPatience, [.. command.Split(' '), "-y"]);

        Assert.Equal(remains, Added(before, vm));
        Assert.Equal("istio-proxy\n", vm.Run("id", "-un", "istio-proxy"));
    }

    // New and changed entries: the path of a file or folder, otherwise the complete line. Without the notes of the
    // stand-in.
    private static string[] Added(IReadOnlyList<string> before, BootedVm vm) =>
    [
        .. HostListing.Changes(before, HostListing.From(vm))
            .Where(change => change.StartsWith('+'))
            .Select(change => change.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..])
            .Select(fields => fields.FirstOrDefault(field => field.StartsWith('/')) ?? string.Join(' ', fields))
            .Where(added => !added.StartsWith($"{IstioSidecarPackage.State}/", StringComparison.Ordinal))
            .Distinct()
            .Order(StringComparer.Ordinal),
    ];
}
