using SmmAgent.Testbed;

namespace SmmAgent.VmTests;

/// <summary>Other programs change the firewall of an attached VM: its ports remain open, or are opened again immediately.</summary>
public sealed class OtherFirewallTests(VmFixture fixture) : IClassFixture<VmFixture>
{
    [Fact]
    public async Task PortsStayOpenWhenFirewalldIsInstalledAndReloaded()
    {
        await using var vm = await fixture.BootAttachedAsync();

        vm.Install("nftables", "firewalld");

        // At its start it flushes the rules of the operator, but changes no policy.
        Assert.Equal("running", vm.Run("firewall-cmd", "--state").Trim());
        await vm.UntilConditionAsync("GatewaysReachable", "False RepliesDropped", TimeSpan.FromMinutes(1));
        // Again while a privileged reconcile is still opening ports.
        await vm.UntilAsync(
            () => vm.Try("smm-agent", "check", "--verbose").Output.Contains(
                "INPUT drops replies to the VM's own connections: firewalld removed the rule for them when it started, and kept the "
                + "policy DROP", StringComparison.Ordinal),
            "check names what drops the replies", TimeSpan.FromMinutes(1));
        var dropped = await vm.UntilConditionAsync("GatewaysReachable", "False RepliesDropped", TimeSpan.FromMinutes(1));
        vm.RunLine(AdvisedCommands.FindOne(dropped));
        // Also for IPv6: without its rule for ICMPv6 the VM is reachable only until it expires from the neighbour cache.
        vm.Run("ip6tables", "-w", "-P", "INPUT", "ACCEPT");
        vm.Run("systemctl", "reload", "smm-agent");
        await vm.UntilConditionAsync("GatewaysReachable", "True Reachable", TimeSpan.FromMinutes(1));
        await vm.UntilStatusAsync(BootedVm.Attached);
        await UntilOpenAsync(vm);
        await vm.UntilAsync(() => Rules(vm).Length == 4, "each port has its rule");
        var rules = Rules(vm);
        await vm.UntilAsync(() => Rules(vm, "--permanent").SequenceEqual(rules), "the rules are permanent");
        vm.Run("firewall-cmd", "--reload");
        await UntilOpenAsync(vm);
        Assert.Equal(rules, Rules(vm));
        Assert.Equal(rules, Rules(vm, "--permanent"));

        // The traffic of the cluster moves to a zone without rules of the agent: first by its interface, then by its source.
        vm.Run("firewall-cmd", "--zone=drop", "--change-interface=eth0");
        await UntilOpenAsync(vm);
        vm.Run("firewall-cmd", "--zone=block", $"--add-source={MeshTestbed.DashboardAddress}/24");
        await UntilOpenAsync(vm);
        vm.Run("firewall-cmd", "--panic-on");
        await vm.UntilAsync(
            () => vm.ConditionText("PortsOpen").Contains("firewalld is in panic mode", StringComparison.Ordinal), "panic mode is named");
        vm.Run("firewall-cmd", "--panic-off");
        await UntilOpenAsync(vm);

        vm.Run("smm-agent", "detach");

        foreach (var zone in (string[])["drop", "block"])
            Assert.DoesNotContain("16400", vm.Run("firewall-cmd", $"--zone={zone}", "--list-all"), StringComparison.Ordinal);
        Assert.Empty(Rules(vm));
        Assert.Empty(Rules(vm, "--permanent"));
        Assert.False(fixture.Testbed.ClusterReaches(MeshTestbed.VmAddress, 8080));
    }

    [Fact]
    public async Task PortsStayOpenWhenUfwIsEnabledAndReloaded()
    {
        await using var vm = await fixture.BootAttachedAsync();
        vm.Install("ufw");

        vm.Run("ufw", "--force", "enable");
        await UntilOpenAsync(vm);
        vm.Run("ufw", "reload");
        await UntilOpenAsync(vm);

        Assert.Contains("Status: active", vm.Run("ufw", "status"), StringComparison.Ordinal);
        Assert.DoesNotContain("16400", vm.Run("ufw", "status"), StringComparison.Ordinal);
        vm.Run("ufw", "--force", "disable");
        await UntilOpenAsync(vm);
    }

    [Fact]
    public async Task RulesAreBackAfterAFlushOfNftables()
    {
        await using var vm = await fixture.BootAttachedAsync();
        vm.Install("nftables");
        var rules = vm.Rules();

        vm.Run("nft", "flush", "ruleset");
        fixture.Testbed.DropByDefault();

        await vm.UntilAsync(() => vm.Rules().Split('\n').Order().SequenceEqual(rules.Split('\n').Order()), "the rules are back");
        await UntilOpenAsync(vm);
    }

    private async Task UntilOpenAsync(BootedVm vm)
    {
        // A privileged reconcile is requested once in 30 s.
        await vm.UntilAsync(() => vm.Condition("PortsOpen") == "True", "PortsOpen is True", TimeSpan.FromMinutes(1));
        foreach (var port in (int[])[8080, 8082, 16400, 16401])
            await vm.UntilAsync(() => fixture.Testbed.ClusterReaches(MeshTestbed.VmAddress, port), $"the cluster reaches {port}");
        await vm.UntilAsync(() => fixture.Testbed.ClusterReaches(MeshTestbed.VmAddressIPv6, 16400), "the cluster reaches 16400 by IPv6");
    }

    private static string[] Rules(BootedVm vm, params string[] which) =>
        [.. vm.Run(["firewall-cmd", .. which, "--zone=public", "--list-rich-rules"]).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Order(StringComparer.Ordinal)];
}
