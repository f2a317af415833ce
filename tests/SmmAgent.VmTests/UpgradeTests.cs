using SmmAgent.Testbed;

namespace SmmAgent.VmTests;

/// <summary>apt installs a newer deb.</summary>
public sealed class UpgradeTests(VmFixture fixture) : IClassFixture<VmFixture>
{
    private const string Unit = "smm-agent.service";

    [Theory, MemberData(nameof(Distribution.Debians), MemberType = typeof(Distribution))]
    public async Task UpgradeKeepsTheVmAttachedAndStartsTheNewDaemon(string distribution)
    {
        await using var vm = await fixture.BootAttachedAsync(distribution);
        await using var probe = await ConnectionProbe.StartAsync(fixture.Testbed, 8080);
        var settings = vm.Run("sha256sum", "/etc/smm/agent.yaml", "/etc/smm/bearer-token");
        var process = vm.Property(Unit, "MainPID");

        vm.InstallAgent(fixture.NewerPackage);

        Assert.Equal(AgentPackage.NewerVersion, vm.Run("dpkg-query", "-W", "-f", "${Version}", "smm-agent"));
        Assert.NotEqual(process, vm.Property(Unit, "MainPID"));
        Assert.Equal((true, true), (vm.IsActive(Unit), vm.IsActive("smm-agent-reconcile.path")));
        Assert.Equal((true, true), (vm.IsEnabled(Unit), vm.IsEnabled("smm-agent-reconcile.path")));
        await vm.UntilStatusAsync(BootedVm.Attached);
        await probe.MoreAsync();
        Assert.Equal(0, probe.Lost);
        Assert.Equal(settings, vm.Run("sha256sum", "/etc/smm/agent.yaml", "/etc/smm/bearer-token"));
    }

    [Fact]
    public async Task UpgradeKeepsADetachedVmDetached()
    {
        await using var vm = await fixture.BootAttachedAsync();
        vm.Run("smm-agent", "detach");
        var rules = vm.Rules();

        vm.InstallAgent(fixture.NewerPackage);

        Assert.Equal((false, false), (vm.IsActive(Unit), vm.IsEnabled(Unit)));
        Assert.Equal(rules, vm.Rules());
    }
}
