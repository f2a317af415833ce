using SmmAgent.Testbed;

namespace SmmAgent.VmTests;

/// <summary><c>smm-agent reconcile</c> makes a VM a member of the mesh, and <c>detach</c> reverts every change.</summary>
public sealed class SidecarAttachTests(SidecarVmFixture fixture) : IClassFixture<SidecarVmFixture>
{
    public static TheoryData<string> All { get; } = [.. Distribution.Debians.Select(row => row.Data), Distribution.Rpm];

    [Theory, MemberData(nameof(All))]
    public async Task ReconcileAttachesTheVmAndDetachLeavesNoTrace(string distribution)
    {
        await using var vm = await fixture.BootAsync(distribution);
        await fixture.StartWorkloadsAsync();
        var before = HostListing.From(vm);

        var output = vm.RunAtMost(BootedVm.InstallPatience, "smm-agent", "reconcile");

        string[] lines =
        [
            "install istio-sidecar 1.15.3",
            "write /etc/systemd/system/istio.service.d/10-smm-agent.conf (it is missing)",
            "write /etc/smm/sidecar/cluster.env (it is missing)",
            $"write /etc/hosts: {MeshTestbed.FirstGateway} istiod-cp-v115x.istio-system.svc, {MeshTestbed.SecondGateway} "
            + $"istiod-cp-v115x.istio-system.svc",
            "fetch a new istio-token (there is no istio-token)",
            "enable istio.service at boot",
            "start istio.service",
            "smm-agent.service is started and ready",
            "wait-for-registration ❯ workloadentry is registered successfully",
        ];
        Assert.All(lines, line => Assert.Contains($"✓ {line}\n", output, StringComparison.Ordinal));
        Assert.EndsWith("✓ reconciled host operating system\n", output, StringComparison.Ordinal);
        await vm.UntilStatusAsync(BootedVm.Attached);
        string[] conditions = ["SidecarInstalled", "SidecarCurrent", "SidecarRunning", "Registered", "Healthy"];
        await vm.UntilAsync(() => conditions.All(type => vm.Condition(type) == "True"), "all conditions of the sidecar hold");
        Assert.True(fixture.Testbed.ClusterReaches(MeshTestbed.VmAddress, 8080));
        Assert.Equal(
            """
            /var/lib/istio root 755
            /etc/systemd/system/istio.service.d/10-smm-agent.conf root 644
            /etc/smm/sidecar root 755
            /etc/smm/sidecar/cluster.env root 644
            /etc/istio/config/mesh root 644
            /etc/certs/root-cert.pem istio-proxy 600
            /run/secrets/tokens root 755
            /run/secrets/tokens/istio-token istio-proxy 600

            """,
            vm.Run(
                "stat", "-c", "%n %U %a", "/var/lib/istio", "/etc/systemd/system/istio.service.d/10-smm-agent.conf", "/etc/smm/sidecar",
                "/etc/smm/sidecar/cluster.env",
                "/etc/istio/config/mesh", "/etc/certs/root-cert.pem",
                "/run/secrets/tokens", "/run/secrets/tokens/istio-token"));

        var again = vm.Run("smm-agent", "reconcile");

        Assert.DoesNotContain("write ", again, StringComparison.Ordinal);
        Assert.DoesNotContain("istio-sidecar", again, StringComparison.Ordinal);

        var planned = vm.Run("smm-agent", "detach", "--dry-run");
        Assert.Contains("❯ remove the package istio-sidecar, which the agent installed\n", planned, StringComparison.Ordinal);
        var detached = vm.RunAtMost(BootedVm.InstallPatience, "smm-agent", "detach");

        Assert.EndsWith("✓ detached\n", detached, StringComparison.Ordinal);
        Assert.Equal("", string.Join('\n', HostListing.Changes(before, HostListing.From(vm)).Where(IsForeign)));
    }

    [Fact]
    public async Task EnablingTheServiceAttachesAConfiguredVm()
    {
        string[] units = ["smm-agent.service", "smm-agent-reconcile.path", "smm-agent-reconcile.service"];
        // The sandbox of the privileged reconcile also permits everything on the older systemd.
        await using var vm = await fixture.BootAsync("bullseye");
        await fixture.StartWorkloadsAsync();

        vm.Run("systemctl", "enable", "--now", "smm-agent");

        await vm.UntilConditionAsync("Registered", "True Registered", BootedVm.InstallPatience);
        await vm.UntilStatusAsync(BootedVm.Attached);
        Assert.Equal(units, units.Where(vm.IsEnabled));
        Assert.True(vm.IsActive("smm-agent-reconcile.path"));

        vm.Run("systemctl", "disable", "--now", "smm-agent");

        Assert.DoesNotContain(units, vm.IsEnabled);
        Assert.False(vm.IsActive("smm-agent-reconcile.path"));
    }

    // The agent's own state, its uuid in agent.yaml, and the cache of its packages.
    internal static bool IsForeign(string change) =>
        !change.Contains("/var/lib/smm-agent", StringComparison.Ordinal)
            && !change.Contains("/var/cache/smm-agent", StringComparison.Ordinal)
        && !change.Contains(" /etc/smm/agent.yaml", StringComparison.Ordinal);
}
