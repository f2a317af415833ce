using SmmAgent.Testbed;

namespace SmmAgent.NetnsTests;

/// <summary>A dashboard with a certificate of an authority of the system, without <c>dashboard.caFile</c>.</summary>
public sealed class SystemTrustTests
{
    [Fact]
    public async Task AuthorityOfTheSystemVouchesForTheDashboard()
    {
        Assert.SkipUnless(Programs.Missing() is null, Programs.Missing() ?? "");
        await using var testbed = await MeshTestbed.StartAsync(https: true);
        await using var agent = new VmAgent(testbed);
        agent.WriteSettings($"""
            dashboard:
              url: {testbed.DashboardUrl}
            workloadGroup: {"{"} namespace: vm-integration, name: analytics-v0 {"}"}
            node:
              addressProviders: [{MeshTestbed.EchoUrl}]
            sidecar:
              mode: off

            """);

        agent.Start(new Dictionary<string, string> { ["SSL_CERT_FILE"] = testbed.DashboardAuthority! });
        await agent.UntilConditionAsync("ConfigCurrent", "True");
        await agent.StopAsync();

        agent.Start();
        await agent.UntilAsync(
            () => agent.Process!.Output.Contains("no authority that this host trusts", StringComparison.Ordinal),
            "the certificate is refused without the authority");
    }
}
