using System.Diagnostics;
using SmmAgent.Contract;
using SmmAgent.Testbed;

namespace SmmAgent.Bench;

/// <summary>The daemon with a WorkloadGroup of many ports: two sizes, and their ratio. Growth is linear if no ratio is above 10.</summary>
internal static class PortsBench
{
    private const int First = 20_000;
    private const int Few = 100;
    private const int Many = 1000;

    public static async Task RunAsync(Report report, bool quick)
    {
        var few = await MeasureAsync(Few, quick);
        var many = await MeasureAsync(Many, quick);
        Show("smm-agent status, median", figures => figures.Status, "ms", "under 20 ms");
        Show("iptables -F to rules back (nft), median", figures => figures.Flush, "ms", $"under 150 ms; {few.Ports} ports: 35 ms");
        Show("CPU of a flush, with the commands", figures => figures.FlushCpu, "ms");
        Show("PSS from a minute after the attachment on, mean", figures => figures.MeanPss, "MiB", "under 30 MB");
        Show("PSS from a minute after the attachment on, largest", figures => figures.MostPss, "MiB");
        Show("PSS of the flushes, largest, seen every 20 ms", figures => figures.FlushPss, "MiB");
        Show("idle CPU", figures => figures.IdleCpu, "% of a core");
        Show("status.json", figures => figures.StatusKiB, "KiB");

        void Show(string what, Func<Figures, double> figure, string unit, string aim = "") =>
            report.Beside($"{Many:#,0} ports, beside {Few}: {what}", figure(many), figure(few), unit, aim);
    }

    private static async Task<Figures> MeasureAsync(int ports, bool quick)
    {
        await using var testbed = await MeshTestbed.StartAsync();
        testbed.DropByDefault();
        testbed.Mesh.Ports = [.. Enumerable.Range(First, ports).Select(port => ($"port-{port}", port))];
        testbed.Mesh.Write();
        // As many as the dashboard dials; without a workload there the agent asks it every 30 s whether the workload answers now.
        foreach (var (_, port) in testbed.Mesh.Ports.Take(DashboardApi.MaximumDialBackPorts))
            await testbed.StartWorkloadAsync(port);
        await using var agent = new VmAgent(testbed);
        agent.Start();
        await agent.UntilConditionAsync("ReachableFromCluster", "True", "Reached");
        await Task.Delay(TimeSpan.FromMinutes(1));

        var process = agent.Process!.Id;
        var duration = TimeSpan.FromSeconds(quick ? 20 : 180);
        List<double> idle = [];
        var (before, watch) = (ProcessFigures.Cpu(process), Stopwatch.StartNew());
        for (; watch.Elapsed < duration; await Task.Delay(1000))
            idle.Add(ProcessFigures.PssKiB(process) / 1024.0);
        var idleCpu = (ProcessFigures.Cpu(process) - before) / watch.Elapsed * 100;

        var status = AgentBench.StatusTimes(agent);
        var (flush, flushCpu, flushPss) = await FlushesAsync(testbed, process, quick ? 5 : 20);
        return new(
            ports, Report.Median(status), flush, flushCpu, idle.Average(), idle.Max(), flushPss, idleCpu,
            new FileInfo(agent.StatusFile).Length / 1024.0);
    }

    private static async Task<(double Time, double Cpu, double Pss)> FlushesAsync(MeshTestbed testbed, int process, int runs)
    {
        await using var rules = await RuleMonitor.StartAsync(testbed);
        List<double> times = [];
        var (before, most) = (ProcessFigures.Cpu(process), 0.0);
        for (var run = 0; run < runs; run++)
        {
            // The agent delays repairs that follow each other within two seconds; this figure is about the first one.
            for (var pause = Stopwatch.StartNew(); pause.Elapsed < TimeSpan.FromSeconds(3); await Task.Delay(20))
                most = Math.Max(most, ProcessFigures.PssKiB(process) / 1024.0);
            times.Add(await rules.TimeAsync("rule ip filter SMM-AGENT", () => testbed.Vm.Run("iptables", "-w", "-F")));
            testbed.DropByDefault(); // the operator's own rules are also gone, and with them the answers to the agent's requests
        }

        await Task.Delay(TimeSpan.FromSeconds(3));
        return (Report.Median(times), (ProcessFigures.Cpu(process) - before).TotalMilliseconds / runs, most);
    }

    private sealed record Figures(
        int Ports, double Status, double Flush, double FlushCpu, double MeanPss, double MostPss, double FlushPss, double IdleCpu,
        double StatusKiB);
}
