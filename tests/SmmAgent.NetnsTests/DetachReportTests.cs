using System.Diagnostics;
using SmmAgent.Testbed;

namespace SmmAgent.NetnsTests;

/// <summary>The dashboard logs a detach that the published agent reports.</summary>
public sealed class DetachReportTests(BedFixture fixture) : IClassFixture<BedFixture>
{
    private const string Unreported = "! could not report the detach to the dashboard, which shows this VM as silent after 15 minutes: ";

    [Fact]
    public async Task DetachIsLoggedByTheDashboardAndSoIsTheNextAttach()
    {
        var bed = fixture.Bed;
        await using var agent = new VmAgent(bed);
        var uuid = await ReportAsync(agent);
        await agent.StopAsync();

        var (exitCode, output) = agent.Run("detach");

        Assert.Equal(0, exitCode);
        Assert.EndsWith("✓ reported the detach to the dashboard\n✓ detached\n", output, StringComparison.Ordinal);
        Assert.DoesNotContain(bed.Mesh.Token, output, StringComparison.Ordinal);
        await agent.UntilAsync(
            () => bed.Dashboard!.Output.Contains($"[event 3205] Agent {uuid} of vm-integration/analytics-v0 on ", StringComparison.Ordinal),
            "the dashboard logs the detach");

        Assert.Equal(uuid, await ReportAsync(agent));
        await agent.UntilAsync(
            () => bed.Dashboard!.Output.Contains($"[event 3206] Agent {uuid} of vm-integration/analytics-v0 on ", StringComparison.Ordinal),
            "the dashboard logs that the agent reports again");
        await agent.StopAsync();
        Assert.Equal(0, agent.Run("detach").ExitCode);
    }

    [Fact]
    public async Task DetachWithoutTheDashboardIsDoneWithinSecondsAndWithOneWarning()
    {
        var bed = fixture.Bed;
        await using var agent = new VmAgent(bed);
        await ReportAsync(agent);
        await agent.StopAsync();

        await bed.StopDashboardAsync();
        var time = Stopwatch.StartNew();
        var (exitCode, output) = agent.Run("detach");
        time.Stop();
        await bed.StartDashboardAsync();

        Assert.Equal(0, exitCode);
        Assert.Single(output.Split('\n'), line => line.StartsWith(Unreported, StringComparison.Ordinal));
        Assert.EndsWith("\n✓ detached\n", output, StringComparison.Ordinal);
        Assert.InRange(time.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(15));
        // The next one succeeds.
        Assert.Equal(
            (0, "✓ reported the detach to the dashboard\n✓ the agent had changed nothing on this host\n"), agent.Run("detach"));
    }

    // The dashboard has accepted a report when it answers whether the VM is registered.
    private static async Task<string> ReportAsync(VmAgent agent)
    {
        agent.Start();
        await agent.UntilConditionAsync("ReachableFromCluster", "True");
        return agent.Uuid();
    }
}
