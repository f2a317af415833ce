using System.Diagnostics;
using System.Globalization;
using SmmAgent.Testbed;

namespace SmmAgent.Bench;

/// <summary>
/// The daemon beside a large firewall of other programs that changes every two seconds: two sizes, one ten times the other.
/// </summary>
internal static class FirewallBench
{
    private const int Elements = 40_000;
    private const int Rules = 20_000;
    private const int Ratio = 10;

    private static readonly TimeSpan Between = TimeSpan.FromSeconds(2);

    public static async Task RunAsync(Report report, TimeSpan duration)
    {
        await CompareAsync(
            report,
            "elements of a set",
            Elements,
            duration,
            (testbed, elements) => testbed.Vm.Run("nft", "-f", File(
                "table ip bans { set bl { type ipv4_addr; flags timeout; elements = { "
                + string.Join(", ", Enumerable.Range(0, elements).Select(at => $"{Address(at)} timeout 4h")) + " }; }\n"
                + "chain in { type filter hook input priority filter - 10; policy accept; ip saddr @bl drop; }; }\n")),
            (testbed, turn) => testbed.Vm.Run("nft", "add", "element", "ip", "bans", "bl", $"{{ {Address(Elements + turn)} timeout 4h }}"));
        await CompareAsync(
            report,
            "rules of iptables",
            Rules,
            duration,
            (testbed, rules) => testbed.Vm.Run("iptables-restore", "-w", "--noflush", File(
                "*filter\n" + string.Concat(Enumerable.Range(0, rules).Select(at => $"-A INPUT -s {Address(at)} -j DROP\n")) + "COMMIT\n")),
            (testbed, turn) => testbed.Vm.Run("iptables", "-w", "-A", "INPUT", "-s", Address(Rules + turn), "-j", "DROP"));
    }

    private static async Task CompareAsync(
        Report report, string what, int size, TimeSpan duration, Action<MeshTestbed, int> fill, Action<MeshTestbed, int> change)
    {
        var few = await MeasureAsync(duration, testbed => fill(testbed, size / Ratio), change);
        var many = await MeasureAsync(duration, testbed => fill(testbed, size), change);
        Show("CPU with the commands", figures => figures.Cpu, "% of a core", "under 5 %");
        Show("mean PSS", figures => figures.MeanPss, "MiB", "under 40 MB");
        Show("largest PSS, seen every 20 ms", figures => figures.MostPss, "MiB", "under 40 MB");
        Show("largest RSS, seen every 20 ms", figures => figures.MostRss, "MiB");
        Show("PSS 20 s after the last change", figures => figures.LaterPss, "MiB", "as before");
        Show("PSS before the first change", figures => figures.IdlePss, "MiB");

        void Show(string name, Func<Figures, double> figure, string unit, string aim = "") => report.Beside(
            string.Create(CultureInfo.InvariantCulture, $"{size:#,0} {what}, beside {size / Ratio:#,0}, a change every 2 s: {name}"),
            figure(many), figure(few), unit, aim);
    }

    private static async Task<Figures> MeasureAsync(TimeSpan duration, Action<MeshTestbed> fill, Action<MeshTestbed, int> change)
    {
        await using var testbed = await MeshTestbed.StartAsync();
        testbed.DropByDefault();
        foreach (var (_, port) in testbed.Mesh.Ports)
            await testbed.StartWorkloadAsync(port);
        await using var agent = new VmAgent(testbed);
        agent.Start();
        await agent.UntilConditionAsync("ReachableFromCluster", "True", "Reached");
        await Task.Delay(TimeSpan.FromSeconds(20)); // the memory of the start is released by then
        var process = agent.Process!.Id;
        var idle = ProcessFigures.PssKiB(process);
        fill(testbed);
        await Task.Delay(TimeSpan.FromSeconds(10)); // the first observation of all new rules

        List<(long Pss, long Rss)> seen = [];
        var (before, watch) = (ProcessFigures.Cpu(process), Stopwatch.StartNew());
        for (var turn = 0; watch.Elapsed < duration; turn++)
        {
            change(testbed, turn);
            for (var until = watch.Elapsed + Between; watch.Elapsed < until; await Task.Delay(20))
                seen.Add((ProcessFigures.PssKiB(process), ProcessFigures.RssKiB(process)));
        }

        var cpu = (ProcessFigures.Cpu(process) - before) / watch.Elapsed * 100;
        await Task.Delay(TimeSpan.FromSeconds(20));
        return new(
            cpu,
            MiB(seen.Average(figure => figure.Pss)),
            MiB(seen.Max(figure => figure.Pss)),
            MiB(seen.Max(figure => figure.Rss)),
            MiB(ProcessFigures.PssKiB(process)),
            MiB(idle));
    }

    private static double MiB(double kiB) => kiB / 1024;

    private static string Address(int at) => $"11.{at / 62_500}.{at / 250 % 250}.{at % 250}";

    private static string File(string content)
    {
        var file = Path.Combine(Path.GetTempPath(), $"smm-bench-{Environment.ProcessId}");
        System.IO.File.WriteAllText(file, content);
        return file;
    }

    private sealed record Figures(double Cpu, double MeanPss, double MostPss, double MostRss, double LaterPss, double IdlePss);
}
