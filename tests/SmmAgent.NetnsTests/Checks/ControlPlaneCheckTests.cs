using SmmAgent.Testbed;

namespace SmmAgent.NetnsTests.Checks;

/// <summary>The control plane as the dashboard reports it, and its meshexpansion gateways.</summary>
public sealed class ControlPlaneCheckTests(BedFixture fixture) : IClassFixture<BedFixture>
{
    [Theory]
    [InlineData("Available", "pass")]
    [InlineData("Reconciling", "warn")]
    [InlineData("ReconcileFailed", "fail")]
    public async Task ControlPlaneStatusIsReported(string status, string verdict)
    {
        var bed = fixture.Bed;
        await using var agent = new VmAgent(bed);
        bed.Mesh.Status = status;
        bed.Mesh.Write();
        try
        {
            var output = await CheckReportReader.UntilAsync(agent, "control-plane-status", verdict);

            Assert.StartsWith(status, output.Found("control-plane-status"), StringComparison.Ordinal);
            Assert.Contains("revision 'cp-v115x'", output.Found("control-plane-status"), StringComparison.Ordinal);
        }
        finally
        {
            bed.Mesh.Status = "Available";
            bed.Mesh.Write();
        }
    }

    [Fact]
    public async Task MissingGatewayFailsAndGatewayWithoutAnAddressIsAWarning()
    {
        var bed = fixture.Bed;
        await using var agent = new VmAgent(bed);
        var gateways = bed.Mesh.Gateways;
        try
        {
            var passed = await CheckReportReader.UntilAsync(agent, "control-plane-meshexpansion", "pass");
            Assert.Contains(MeshTestbed.FirstGateway, passed.Found("control-plane-meshexpansion"), StringComparison.Ordinal);

            bed.Mesh.Gateways = [.. gateways, ("istio-meshexpansion-pending", [])];
            bed.Mesh.Write();
            var warned = await CheckReportReader.UntilAsync(agent, "control-plane-meshexpansion", "warn");
            Assert.Equal("warn", warned.Line("control-plane-meshexpansion", "istio-meshexpansion-pending").Status);

            bed.Mesh.Gateways = [];
            bed.Mesh.Write();
            var failed = await CheckReportReader.UntilAsync(agent, "control-plane-meshexpansion", "fail");
            Assert.Contains("meshExpansion.enabled", failed.Fix("control-plane-meshexpansion"), StringComparison.Ordinal);
        }
        finally
        {
            bed.Mesh.Gateways = gateways;
            bed.Mesh.Write();
        }
    }

    [Fact]
    public async Task SidecarPackageIsInstallableOrTheReasonIsReported()
    {
        const string Check = "control-plane-sidecar";
        var bed = fixture.Bed;
        await using var agent = new VmAgent(bed);
        var settings = await File.ReadAllTextAsync(Path.Combine(agent.ConfigFolder, "agent.yaml"), TestContext.Current.CancellationToken);
        try
        {
            CheckReportReader.By(agent).Says(Check, "skipped", "sidecar.mode is off");

            Set("mode: manage");
            CheckReportReader.By(agent).Says(Check, "fail", "the mesh configuration offers no istio-sidecar package of the format deb");

            bed.Mesh.Packages = [new("istio-sidecar", "1.15.3", "deb", "all", "/packages/istio-sidecar.deb", new string('a', 64), 1000)];
            bed.Mesh.Write();
            var refused = await CheckReportReader.UntilAsync(
                agent, report => report.Found(Check).Contains("plain http", StringComparison.Ordinal), "the package is offered");
            Assert.Equal("fail", refused.Status(Check));

            Set("mode: manage\n  allowPlaintextPackages: true");
            CheckReportReader.By(agent).Says(Check, "fail", "istio-sidecar 1.15.3 is not installed: no key is trusted that could sign it");
            Set(
                "mode: manage\n  allowPlaintextPackages: true\npackages: {trustedKeys: "
                    + "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=}");
            CheckReportReader.By(agent)
                .Says(Check, "fail", "istio-sidecar 1.15.3 is not installed: the dashboard has no signed package list: ");
            Set($"mode: manage\n  allowPlaintextPackages: true\n  packageSha256s: [{new string('a', 64)}]");
            CheckReportReader.By(agent).Says(Check, "pass", "install istio-sidecar 1.15.3");

            Set("mode: check\n  allowPlaintextPackages: true\n  allowUnsignedPackages: true");
            CheckReportReader.By(agent).Says(Check, "warn", "left to you");
        }
        finally
        {
            bed.Mesh.Packages = [];
            bed.Mesh.Write();
        }

        void Set(string sidecar) => agent.WriteSettings(settings.Replace("mode: off", sidecar, StringComparison.Ordinal));
    }
}
