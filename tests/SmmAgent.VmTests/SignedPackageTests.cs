using IstioStandIn;
using SmmAgent.Testbed;
using SmmAgent.Contract.Signing;

namespace SmmAgent.VmTests;

/// <summary>An attacker controls the dashboard, which offers other packages with their right checksums.</summary>
public sealed class SignedPackageTests(SidecarVmFixture fixture) : IClassFixture<SidecarVmFixture>
{
    private const string Sidecar = $"istio-sidecar {SidecarPackages.Version} is not installed: the dashboard's package list ";
    private const string Agent = $"smm-agent {AgentPackage.NewerVersion} is not installed: the dashboard's package list ";
    private const string List = "/var/lib/smm-agent-host/package-lists";

    private MeshFile Mesh => fixture.Testbed.Mesh;

    [Fact]
    public async Task PackagesWithoutATrustedSignatureAreNotInstalledAndTheVmRemainsAttached()
    {
        var signature = Mesh.Signature!;
        var key = signature.Key;
        await fixture.StartWorkloadsAsync();
        await using var vm = await fixture.BootAsync();
        try
        {
            // The package of the sidecar, replaced together with its checksum in the mesh configuration.
            Mesh.IsSigned = false;
            fixture.OfferFailing(SidecarPackages.Version);
            await RefusedAsync(vm, "NotInList", "lists another SHA-256 for it");

            Mesh.IsSigned = true;
            signature.Key = PackageSigningKey.New();
            fixture.Offer(SidecarPackages.Version);
            await RefusedAsync(vm, "UnknownKey", $"is signed by {signature.Key.Public.Id}, and the trusted keys are {key.Public.Id}");

            (signature.Key, signature.Issued) = (key, DateTimeOffset.UtcNow.AddDays(-2));
            fixture.Offer(SidecarPackages.Version);
            await RefusedAsync(vm, "ListExpired", "was valid until ");

            (signature.Issued, signature.Minimum) = (null, new Dictionary<string, string> { ["istio-sidecar"] = "1.99" });
            fixture.Offer(SidecarPackages.Version);
            await RefusedAsync(vm, "BelowMinimum", "requires at least 1.99");
            Assert.NotEqual(0, vm.Try("test", "-e", List).ExitCode);

            // Signed.
            signature.Minimum = new Dictionary<string, string>();
            fixture.Offer(SidecarPackages.Version);
            await fixture.Testbed.UntilOffersAsync();
            vm.RunAtMost(BootedVm.InstallPatience, "smm-agent", "reconcile");
            await vm.UntilStatusAsync(BootedVm.Attached);
            await vm.UntilConditionAsync("SidecarRunning", "True");
            Assert.StartsWith($"{key.Public.Id} ", vm.Run("cat", List), StringComparison.Ordinal);
            var version = Version(vm);

            // The package of the agent, which no list contains; then one that an older list contains.
            Mesh.IsSigned = false;
            fixture.OfferAgent(AgentPackage.NewerVersion, fixture.NewerPackage.Deb);
            await fixture.Testbed.UntilOffersAsync();
            Assert.Contains($"{Agent}does not list it", Refused(vm), StringComparison.Ordinal);
            (Mesh.IsSigned, signature.Issued) = (true, DateTimeOffset.UtcNow.AddHours(-1));
            Mesh.Write();
            Assert.Contains($"{Agent}was signed at ", Refused(vm), StringComparison.Ordinal);
            await vm.UntilAsync(() => vm.Journal()
                .Contains("Privileged reconcile failed: upgrade (ListSuperseded)", StringComparison.Ordinal), "the daemon reports it");
            Assert.Equal(version, Version(vm));
            signature.Issued = null;
            fixture.Offer(SidecarPackages.Version);

            // An agent with the settings of a version without signatures.
            vm.Run("sed", "-i", "/trustedKeys/d", "/etc/smm/agent.yaml");
            fixture.Offer(SidecarPackages.NewerVersion);
            await vm.UntilConditionAsync("SidecarInstalled", $"True Degraded: istio-sidecar {SidecarPackages.Version} is installed");
            Assert.Contains("no key is trusted that could sign it", vm.ConditionText("SidecarInstalled"), StringComparison.Ordinal);
            Assert.Equal(("True", "True"), (vm.Condition("SidecarRunning"), vm.Condition("Registered")));

            vm.Run("smm-agent", "set", "trusted-key", key.Public.Text);
            await vm.UntilConditionAsync(
                "SidecarInstalled", $"True Installed: istio-sidecar {SidecarPackages.NewerVersion}", BootedVm.InstallPatience);
        }
        finally
        {
            Mesh.IsSigned = true;
            (signature.Key, signature.Issued, signature.Minimum) = (key, null, new Dictionary<string, string>());
            fixture.Offer(SidecarPackages.Version);
        }
    }

    private async Task RefusedAsync(BootedVm vm, string reason, string why)
    {
        await fixture.Testbed.UntilOffersAsync();
        Assert.Contains(Sidecar + why, Refused(vm), StringComparison.Ordinal);
        Assert.NotEqual(0, vm.Try("dpkg-query", "-W", IstioSidecarPackage.Name).ExitCode);
        await vm.UntilConditionAsync("SidecarInstalled", $"False {reason}: {Sidecar}{why}");
    }

    private static string Refused(BootedVm vm)
    {
        var (exitCode, output) = vm.Try(BootedVm.InstallPatience, "smm-agent", "reconcile");
        Assert.Equal(1, exitCode);
        return output;
    }

    private static string Version(BootedVm vm) => vm.Run("dpkg-query", "-W", "-f", "${Version}", "smm-agent");
}
