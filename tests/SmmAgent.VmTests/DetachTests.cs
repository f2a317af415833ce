namespace SmmAgent.VmTests;

/// <summary><c>smm-agent detach</c> on a booted system.</summary>
public sealed class DetachTests(VmFixture fixture) : IClassFixture<VmFixture>
{
    [Fact]
    public async Task DetachRestoresTheHost()
    {
        await using var vm = await fixture.BootAsync();
        var before = Host(vm);
        vm.Run("smm-agent", "reconcile");
        var settings = vm.Run("sha256sum", "/etc/smm/agent.yaml", "/etc/smm/bearer-token");
        Assert.NotEqual(before, Host(vm));
        // Then the dashboard knows the agent.
        await vm.UntilConditionAsync("ReachableFromCluster", "True");

        var plan = vm.Run("smm-agent", "detach", "--dry-run").TrimEnd().Split('\n');

        Assert.Equal(
            [
                "❯ would stop and disable smm-agent-reconcile.path",
                "❯ would disable smm-agent-reconcile.service",
                "❯ would stop and disable smm-agent.service",
                "❯ iptables: remove the jump in INPUT, chain SMM-AGENT",
                "❯ ip6tables: remove the jump in INPUT, chain SMM-AGENT",
                $"❯ report the detach to {fixture.Testbed.DashboardUrl}",
            ],
            plan);
        Assert.True(vm.IsActive("smm-agent.service"));

        var lines = vm.Run("smm-agent", "detach").TrimEnd().Split('\n');

        Assert.Equal(
            [
                "✓ stopped smm-agent-reconcile.path",
                "✓ stopped smm-agent.service",
                "✓ disabled smm-agent-reconcile.path",
                "✓ disabled smm-agent-reconcile.service",
                "✓ disabled smm-agent.service",
                "✓ iptables: remove the jump in INPUT, chain SMM-AGENT",
                "✓ ip6tables: remove the jump in INPUT, chain SMM-AGENT",
                "✓ reported the detach to the dashboard",
                "✓ detached",
            ],
            lines);
        Assert.Equal(before, Host(vm));
        Assert.Equal(settings, vm.Run("sha256sum", "/etc/smm/agent.yaml", "/etc/smm/bearer-token"));
        await vm.UntilAsync(
            () => fixture.Testbed.Dashboard!.Output.Contains("was detached", StringComparison.Ordinal), "the dashboard logs the detach");
        Assert.Equal(
            "✓ reported the detach to the dashboard\n✓ the agent had changed nothing on this host\n", vm.Run("smm-agent", "detach"));
    }

    [Fact]
    public async Task DetachLeavesNoFirewallOnAHostThatHadNone()
    {
        await using var vm = await fixture.BootWithoutFirewallAsync();
        Assert.Equal("", vm.Ruleset());
        vm.Run("smm-agent", "reconcile");
        // Now the daemon, which is not root, makes the tables.
        fixture.Testbed.Vm.Run("nft", "flush", "ruleset");
        await vm.UntilAsync(() => vm.Rules().Split("-A INPUT").Length == 3, "the daemon has put back both families' rules");

        var output = vm.Run("smm-agent", "detach");

        Assert.Contains(
            "✓ ip6tables: remove the jump in INPUT, chain SMM-AGENT, the empty table filter, which the agent made\n", output,
            StringComparison.Ordinal);
        Assert.Equal("", vm.Ruleset());
    }

    [Fact]
    public async Task RollbackRemovesTheTablesThatTheChangeCreated()
    {
        await using var vm = await fixture.BootWithoutFirewallAsync();
        vm.Run("smm-agent", "reconcile", "--confirm-within", "1h");
        Assert.NotEqual("", vm.Ruleset());

        vm.Run("smm-agent", "rollback");

        Assert.Equal("", vm.Ruleset());
    }

    [Fact]
    public async Task DetachEndsAWaitForAConfirmation()
    {
        await using var vm = await fixture.BootAsync();
        var before = Host(vm);
        vm.Run("smm-agent", "reconcile", "--confirm-within", "1h");

        var planned = vm.Run("smm-agent", "detach", "--dry-run");
        var output = vm.Run("smm-agent", "detach");

        Assert.StartsWith("❯ would stop smm-agent-rollback.timer\n", planned, StringComparison.Ordinal);
        Assert.StartsWith("✓ stopped smm-agent-rollback.timer\n", output, StringComparison.Ordinal);
        Assert.Equal(before, Host(vm));
        Assert.Equal(1, vm.Try("smm-agent", "confirm").ExitCode);
    }

    // Firewall, hosts file and units: the state of the host outside of the agent.
    private static string Host(BootedVm vm) => string.Join(
        '\n',
        vm.Rules(),
        vm.Ruleset(),
        vm.Run("sha256sum", "/etc/hosts"),
        vm.Run("find", "/etc/systemd", "-printf", "%p %l %m %U %G\n"),
        vm.Run("systemctl", "list-unit-files", "--no-pager", "--no-legend"),
        vm.Run("systemctl", "list-units", "--no-pager", "--no-legend", "--type=service,path,timer", "--state=active,failed"));
}
