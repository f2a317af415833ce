using SmmAgent.Testbed;

namespace SmmAgent.VmTests;

/// <summary>The commands of the runbook, unchanged, on a VM without the agent.</summary>
public sealed class RunbookTests(SidecarVmFixture fixture) : IClassFixture<SidecarVmFixture>
{
    private const string Unit = "smm-agent.service";

    [Theory, MemberData(nameof(Distribution.All), MemberType = typeof(Distribution))]
    public async Task RunbookCommandsAttachAVm(string distribution)
    {
        await using var vm = await fixture.BootBareAsync(distribution);
        await fixture.StartWorkloadsAsync();
        vm.Trust(fixture.Testbed.DashboardAuthority!);
        var dashboard = fixture.Testbed.DashboardUrl["https://".Length..];

        var installed = vm.RunLine($"curl -fsSL https://{dashboard}/get/smm-agent | sudo sh");

        Assert.Contains(
            """
            next:
                sudo smm-agent set workload-group NAMESPACE/NAME
                sudo smm-agent set bearer-token --stdin
                sudo smm-agent reconcile

            """,
            installed,
            StringComparison.Ordinal);
        Assert.Equal((false, false), (vm.IsActive(Unit), vm.IsEnabled(Unit)));
        Assert.DoesNotContain("SMM-AGENT", vm.Rules(), StringComparison.Ordinal);

        vm.RunLine("sudo smm-agent set workload-group vm-integration analytics-v0");
        vm.RunLine($"sudo smm-agent set node-ip {MeshTestbed.VmAddress}");
        vm.RunLine($"echo {fixture.Testbed.Mesh.Token} | sudo smm-agent set bearer-token --stdin");
        var reconciled = vm.RunLine("sudo smm-agent reconcile");

        Assert.EndsWith(
            "✓ wait-for-registration ❯ workloadentry is registered successfully\n✓ reconciled host operating system\n", reconciled,
            StringComparison.Ordinal);
        Assert.Equal((true, true), (vm.IsActive(Unit), vm.IsEnabled(Unit)));
        await vm.UntilStatusAsync(BootedVm.Attached);
        Assert.Equal("notify", vm.Property(Unit, "Type"));
        foreach (var port in (int[])[8080, 8082, 16400, 16401])
            Assert.True(fixture.Testbed.ClusterReaches(MeshTestbed.VmAddress, port), $"{port} is not reached");
        Assert.True(fixture.Testbed.ClusterReaches(MeshTestbed.VmAddressIPv6, 16400));
        await vm.UntilAsync(() => vm.Condition("ReachableFromCluster") == "True", "the dashboard dialled the VM");
        Assert.Equal("True", vm.Condition("Registered"));
        // Without root.
        var (exitCode, status) = vm.TryLine("smm-agent status");
        Assert.Equal((0, true), (exitCode, status.Contains("vm-integration/analytics-v0", StringComparison.Ordinal)));
        Assert.Contains($"Status: \"{BootedVm.Attached}", vm.RunLine($"systemctl status --no-pager {Unit}"), StringComparison.Ordinal);

        var again = vm.RunLine($"curl -fsSL https://{dashboard}/get/smm-agent | sudo sh");

        Assert.Contains("is already installed", again, StringComparison.Ordinal);
        Assert.True(vm.IsActive(Unit));
    }
}
