using System.Globalization;
using SmmAgent.Testbed;

namespace SmmAgent.VmTests;

/// <summary>The mesh changes to another version of Istio.</summary>
public sealed class SidecarUpgradeTests(SidecarVmFixture fixture) : IClassFixture<SidecarVmFixture>
{
    private const string Settings = "/etc/smm/agent.yaml";

    public static TheoryData<string> Formats { get; } = [Distribution.Usual, Distribution.Rpm];

    [Theory, MemberData(nameof(Formats))]
    public async Task NewPackageIsInstalledAutomaticallyAndTheSidecarRestartedWithinTheWindow(string distribution)
    {
        await using var vm = await fixture.BootMemberAsync(distribution);
        var sidecar = new StandInSidecar(fixture.Testbed, vm);
        // A configuration file that the operator has changed, and that the new package has in another form.
        vm.Run("sh", "-c", "echo '# of the operator' >>/var/lib/istio/envoy/sidecar.env");
        var (closed, open) = (Window(TimeSpan.FromDays(3)), Window(TimeSpan.FromHours(-12)));
        vm.Run("sed", "-i", $"$ a sidecar: {{restartPolicy: window, restartWindow: {closed}}}", Settings);
        try
        {
            await using (var probe = await ConnectionProbe.StartAsync(fixture.Testbed, 8080))
            {
                fixture.Offer(SidecarPackages.NewerVersion);
                await vm.UntilConditionAsync(
                    "SidecarInstalled", $"True Installed: istio-sidecar {SidecarPackages.NewerVersion}", BootedVm.InstallPatience);
                await vm.UntilConditionAsync("SidecarCurrent", "False RestartNeeded: ");
                Assert.EndsWith($"; the agent restarts it within {closed}; or sudo systemctl restart istio",
                    vm.ConditionText("SidecarCurrent"), StringComparison.Ordinal);
                await probe.MoreAsync();
                Assert.Equal(0, probe.Lost);
            }

            vm.RunAtMost(BootedVm.InstallPatience, "smm-agent", "reconcile");
            Assert.EndsWith($" {SidecarPackages.Version}", Assert.Single(sidecar.Starts), StringComparison.Ordinal);

            vm.Run("sed", "-i", $"s/{closed}/{open}/", Settings);
            await sidecar.UntilAsync(
                () => sidecar.Starts[^1].EndsWith($" {SidecarPackages.NewerVersion}", StringComparison.Ordinal), "the agent restarts it");
            await vm.UntilConditionAsync("SidecarCurrent", "True Current");
            await vm.UntilConditionAsync("Registered", "True ");
            Assert.Equal(2, sidecar.Starts.Length);
            Assert.EndsWith("# of the operator\n", sidecar.Read("/var/lib/istio/envoy/sidecar.env"), StringComparison.Ordinal);
        }
        finally
        {
            fixture.Offer(SidecarPackages.Version);
        }

        // A daily window that begins after this time; the clock of the VM is in UTC.
        static string Window(TimeSpan from) => string.Create(
            CultureInfo.InvariantCulture,
            $"{DateTimeOffset.UtcNow + from:ddd HH:mm}-{DateTimeOffset.UtcNow + from - TimeSpan.FromMinutes(1):HH:mm}");
    }
}
