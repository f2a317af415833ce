using SmmAgent.Testbed;

namespace SmmAgent.VmTests;

/// <summary>The agent follows the version that the mesh offers, with privileged reconciles.</summary>
public sealed class SelfUpgradeTests(SidecarVmFixture fixture) : IClassFixture<SidecarVmFixture>
{
    private const string Unit = "smm-agent.service";
    private const string Upgrade = "install smm-agent";

    [Theory]
    [InlineData(Distribution.Usual)]
    [InlineData(Distribution.Rpm)]
    public async Task UpgradeKeepsTheVmAttachedAndStartsTheNewDaemon(string distribution)
    {
        await using var vm = await fixture.BootMemberAsync(distribution);
        var isRpm = distribution == Distribution.Rpm;
        var installed = Version(vm, isRpm);
        var sidecar = new StandInSidecar(fixture.Testbed, vm);
        var process = vm.Property(Unit, "MainPID");
        try
        {
            fixture.OfferAgent("0.0.1", isRpm ? AgentPackage.Built.Rpm : AgentPackage.Built.Deb);
            await fixture.Testbed.UntilOffersAsync();
            Assert.DoesNotContain(Upgrade, vm.Run("smm-agent", "reconcile", "--dry-run"), StringComparison.Ordinal);

            fixture.OfferAgent("98.0.0", fixture.BrokenPackage);
            await vm.UntilAsync(() => vm.Journal()
                .Contains("Privileged reconcile failed: upgrade (BrokenPackage)", StringComparison.Ordinal), "the failure is logged");
            Assert.Equal((installed, process), (Version(vm, isRpm), vm.Property(Unit, "MainPID")));

            vm.Run("sed", "-i", "$ a selfUpgrade: off", "/etc/smm/agent.yaml");
            fixture.OfferAgent(AgentPackage.NewerVersion, isRpm ? fixture.NewerPackage.Rpm : fixture.NewerPackage.Deb);
            await fixture.Testbed.UntilOffersAsync();
            Assert.DoesNotContain(Upgrade, vm.Run("smm-agent", "reconcile", "--dry-run"), StringComparison.Ordinal);

            await using var probe = await ConnectionProbe.StartAsync(fixture.Testbed, 8080);
            vm.Run("sed", "-i", "$ d", "/etc/smm/agent.yaml");
            await vm.UntilAsync(() => Version(vm, isRpm) == AgentPackage.NewerVersion, "root has installed the new version");

            await vm.UntilAsync(() => vm.IsActive(Unit) && vm.Property(Unit, "MainPID") != process, "the new daemon runs");
            await vm.UntilAsync(
                () => vm.Property("smm-agent-reconcile.service", "ActiveState") == "inactive" && vm.Journal()
                    .Contains($"✓ {Upgrade} 99.0.0, in the place of", StringComparison.Ordinal),
                "the privileged reconcile ended");
            await vm.UntilStatusAsync(BootedVm.Attached);
            await vm.UntilConditionAsync("Registered", "True");
            await probe.MoreAsync();
            Assert.Equal(0, probe.Lost);
            Assert.Single(sidecar.Starts);
        }
        finally
        {
            fixture.Offer(SidecarPackages.Version);
        }
    }

    private static string Version(BootedVm vm, bool isRpm) =>
        isRpm ? vm.Run("rpm", "-q", "--qf", "%{VERSION}", "smm-agent") : vm.Run("dpkg-query", "-W", "-f", "${Version}", "smm-agent");
}
