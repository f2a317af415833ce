using System.Diagnostics;
using SmmAgent.Testbed;

namespace SmmAgent.Bench;

/// <summary><c>smm-agent check</c> on an attached VM: with a cluster that answers, and with one that drops every packet.</summary>
internal static class CheckBench
{
    public static async Task RunAsync(Report report, int runs)
    {
        await using var testbed = await MeshTestbed.StartAsync(https: true);
        testbed.DropByDefault();
        foreach (var (_, port) in testbed.Mesh.Ports)
            await testbed.StartWorkloadAsync(port);
        await using var agent = new VmAgent(testbed);
        agent.Start();
        await agent.UntilConditionAsync("ReachableFromCluster", "True", "Reached");
        Measure(report, $"smm-agent check, median of {runs}", agent, runs, "accepted the connection", "under 1,000 ms");

        testbed.Cluster.Run("iptables", "-w", "-A", "INPUT", "-s", MeshTestbed.VmAddress, "-j", "DROP");
        Measure(report, $"smm-agent check against a black hole, daemon running, median of {runs}", agent, runs, "did not answer",
            "under 3,500 ms");
        // Without the daemon's status, check also asks the address providers, in vain.
        await agent.StopAsync();
        Measure(report, $"smm-agent check against a black hole, no daemon, median of {runs}", agent, runs, "did not answer",
            "under 3,500 ms");
    }

    private static void Measure(Report report, string figure, VmAgent agent, int runs, string seen, string aim)
    {
        var times = new List<double>();
        for (var run = 0; run < runs; run++)
        {
            var watch = Stopwatch.StartNew();
            var (_, output) = agent.Run("check", "--verbose");
            times.Add(watch.Elapsed.TotalMilliseconds);
            if (!output.Contains(seen, StringComparison.Ordinal))
                throw new InvalidOperationException($"this is not what was to be measured ('{seen}' is missing):\n{output}");
        }

        report.Alone(figure, Report.Median(times), "ms", aim);
    }
}
