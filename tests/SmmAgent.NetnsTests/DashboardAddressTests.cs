using SmmAgent.Testbed;

namespace SmmAgent.NetnsTests;

/// <summary>A VM without access to the internet, with the address providers of a new installation.</summary>
public sealed class DashboardAddressTests(BedFixture fixture) : IClassFixture<BedFixture>
{
    [Fact]
    public async Task DashboardReportsTheAddressOfAVmWithoutInternet()
    {
        var bed = fixture.Bed;
        await using var agent = new VmAgent(bed);
        agent.WriteSettings($$"""
            dashboard: {url: "{{bed.DashboardUrl}}", allowPlaintext: true}
            workloadGroup: {namespace: vm-integration, name: analytics-v0}
            sidecar: {mode: off}

            """);

        var (_, check) = agent.Run("check", "--verbose");
        Assert.Contains($"{MeshTestbed.VmAddress}, as the dashboard sees it", check, StringComparison.Ordinal);

        agent.Start();
        await agent.UntilConditionAsync("AddressKnown", "True", "Known");
        await agent.UntilConditionAsync("ReachableFromCluster", "True");

        var address = agent.Status()!["address"]!;
        Assert.Equal((MeshTestbed.VmAddress, "dashboard"), ((string?)address["value"], (string?)address["source"]));
    }
}
