using System.Diagnostics;
using SmmAgent.Testbed;

namespace SmmAgent.Bench;

/// <summary>The daemon on the testbed's VM, beside prometheus-node-exporter on the same machine.</summary>
internal static class AgentBench
{
    private const string Exporter = "/usr/bin/prometheus-node-exporter";
    private const int ExporterPort = 19100;

    // The agent returns memory 15 s after its start. A figure from before that is one of the start.
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(30);

    public static async Task RunAsync(Report report, int flushes, int changes, TimeSpan idle)
    {
        report.Beside(
            "binary", new FileInfo(Programs.Agent).Length / 1024.0, new FileInfo(Exporter).Length / 1024.0, "KiB", "no larger; 10,240 KiB");
        await using (var testbed = await MeshTestbed.StartAsync())
        {
            testbed.DropByDefault();
            await StartWorkloadAsync(testbed);
            await using var agent = new VmAgent(testbed);
            await StartAsync(report, testbed, agent);
            agent.Start();
            await AttachedAsync(agent);
            report.Alone("smm-agent status, median of 51", Report.Median(StatusTimes(agent)), "ms", "under 20 ms");
            await IdleAsync(report, testbed, agent, "http", idle);
            await FlushesAsync(report, testbed, flushes);
            await ChangesAsync(report, testbed, changes);
        }

        await IdleAsync(report, "https", idle);
    }

    /// <summary>Only the rows of the idle agent.</summary>
    public static async Task RunIdleAsync(Report report, TimeSpan idle)
    {
        foreach (var scheme in (string[])["http", "https"])
            await IdleAsync(report, scheme, idle);
    }

    private static async Task IdleAsync(Report report, string scheme, TimeSpan idle)
    {
        await using var testbed = await MeshTestbed.StartAsync(scheme == "https");
        testbed.DropByDefault();
        await StartWorkloadAsync(testbed);
        await using var agent = new VmAgent(testbed);
        agent.Start();
        await AttachedAsync(agent);
        await IdleAsync(report, testbed, agent, scheme, idle);
    }

    // An attached VM has its workload; without it the agent asks the dashboard every 30 s whether the workload answers now.
    private static async Task StartWorkloadAsync(MeshTestbed testbed)
    {
        foreach (var (_, port) in testbed.Mesh.Ports)
            await testbed.StartWorkloadAsync(port);
    }

    private static Task AttachedAsync(VmAgent agent) => agent.UntilConditionAsync("ReachableFromCluster", "True", "Reached");

    private static async Task StartAsync(Report report, MeshTestbed testbed, VmAgent agent)
    {
        var ours = new List<double>();
        var exporters = new List<double>();
        for (var run = 0; run < 11; run++)
        {
            var watch = Stopwatch.StartNew();
            agent.Start();
            while (!agent.Systemd!.HasReceived("READY=1"))
                await Task.Delay(1); // a busy loop would take a core from the measured processes
            ours.Add(watch.Elapsed.TotalMilliseconds);
            await agent.StopAsync();

            watch.Restart();
            await using var exporter = StartExporter(testbed);
            while (!Listens(exporter))
                await Task.Delay(1); // a busy loop would take a core from the measured processes
            exporters.Add(watch.Elapsed.TotalMilliseconds);
        }

        report.Beside("exec to READY=1 / to listening, median of 11", Report.Median(ours), Report.Median(exporters), "ms", "no slower");
    }

    // Without ip-netns(8), which takes longer than the command; the status file is the same in every namespace.
    public static List<double> StatusTimes(VmAgent agent)
    {
        var times = new List<double>();
        for (var run = 0; run < 51; run++)
        {
            var watch = Stopwatch.StartNew();
            using var status = Process.Start(
                new ProcessStartInfo(Programs.Agent, ["--root", agent.Root, "status"]) { RedirectStandardOutput = true })!;
            status.StandardOutput.ReadToEnd();
            status.WaitForExit();
            times.Add(watch.Elapsed.TotalMilliseconds);
        }

        return times;
    }

    private static async Task IdleAsync(Report report, MeshTestbed testbed, VmAgent agent, string scheme, TimeSpan idle)
    {
        await using var exporter = StartExporter(testbed);
        await Task.Delay(Settling);
        var figures = await IdleFigures.MeasureAsync(idle, agent.Process!.Id, exporter.Id);
        var (ours, theirs, seconds) = (figures[0], figures[1], (int)idle.TotalSeconds);
        report.Beside(
            $"idle CPU over {seconds} s, dashboard over {scheme}", ours.CpuPercent, theirs.CpuPercent, "% of a core", "under 0.1 %");
        report.Beside($"idle PSS, mean of {seconds} s, dashboard over {scheme}", ours.MeanPssKiB, theirs.MeanPssKiB, "KiB", "1.15; 1.0");
        report.Beside(
            $"idle PSS, maximum of {seconds} s, dashboard over {scheme}", ours.MaximumPssKiB, theirs.MaximumPssKiB, "KiB", "1.15; 1.0");
    }

    private static async Task FlushesAsync(Report report, MeshTestbed testbed, int runs)
    {
        await using var kernel = await WatchAsync(testbed);
        var times = new List<double>();
        for (var run = 0; run < runs; run++)
        {
            // The agent delays repairs that follow each other within two seconds; this figure is about the first one.
            await Task.Delay(TimeSpan.FromSeconds(2.2));
            times.Add(await TimeAsync(kernel, () => testbed.Vm.Run("iptables", "-w", "-F"), "rule ip filter INPUT", "jump SMM-AGENT"));
            testbed.DropByDefault(); // the operator's own rules are also gone, and with them the answers to the agent's requests
        }

        report.Alone(
            $"iptables -F to rules back (nft), median of {runs}, with iptables' own time", Report.Median(times), "ms", "under 50 ms");
    }

    private static async Task ChangesAsync(Report report, MeshTestbed testbed, int runs)
    {
        await using var kernel = await WatchAsync(testbed);
        var times = new List<double>();
        for (var run = 0; run < runs; run++)
        {
            await Task.Delay(TimeSpan.FromSeconds(2.2));
            var port = 9000 + run;
            testbed.Mesh.Ports = [("http", 8080), ("changing", port)];
            times.Add(await TimeAsync(kernel, testbed.Mesh.Write, "rule ip filter SMM-AGENT", $"dport {port} "));
        }

        report.Alone($"mesh.yaml changed to port open, median of {runs}", Report.Median(times), "ms", "under 200 ms");
    }

    // The kernel reports its changes: polling would use the measured processor.
    private static async Task<TestbedProcess> WatchAsync(MeshTestbed testbed)
    {
        var monitor = new TestbedProcess(testbed.Vm.Inside("nft", "monitor"));
        var probe = 0;
        await Until.TrueAsync(
            () =>
            {
                testbed.Vm.Run("nft", "add", "table", "ip", $"probe{++probe}");
                testbed.Vm.Run("nft", "delete", "table", "ip", $"probe{probe}");
                return monitor.Lines.Count > 0;
            },
            "nft monitor reports changes");
        return monitor;
    }

    private static async Task<double> TimeAsync(TestbedProcess kernel, Action change, string line, string part)
    {
        int Seen() => kernel.Lines.Count(
            text => !text.StartsWith("delete", StringComparison.Ordinal) && text.Contains(line, StringComparison.Ordinal)
                && $"{text} ".Contains(part, StringComparison.Ordinal));
        var before = Seen();
        var watch = Stopwatch.StartNew();
        change();
        while (Seen() == before)
        {
            if (watch.Elapsed > Until.Patience)
                throw new TimeoutException($"nft monitor did not report '{line} … {part}'");
            await Task.Delay(1); // a busy loop would take a core from the measured processes
        }

        return watch.Elapsed.TotalMilliseconds;
    }

    // Started as the agent is, so that both pay for the namespace.
    private static TestbedProcess StartExporter(MeshTestbed testbed) =>
        new(testbed.Vm.Inside(Exporter, $"--web.listen-address=127.0.0.1:{ExporterPort}"));

    private static bool Listens(TestbedProcess process) => File.ReadLines($"/proc/{process.Id}/net/tcp")
        .Any(line => line.Contains($":{ExporterPort:X4} 00000000:0000 0A ", StringComparison.Ordinal));
}
