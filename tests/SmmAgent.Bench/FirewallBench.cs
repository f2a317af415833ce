using System.Diagnostics;
using System.Globalization;
using SmmAgent.Testbed;

namespace SmmAgent.Bench;

/// <summary>The daemon beside a large firewall of other programs that changes every two seconds.</summary>
internal static class FirewallBench
{
    private const int Elements = 40_000;
    private const int Rules = 20_000;

    private static readonly TimeSpan Between = TimeSpan.FromSeconds(2);

    public static async Task RunAsync(Report report, TimeSpan duration)
    {
        await MeasureAsync(
            report,
            $"a set of {Elements} elements, a change every 2 s",
            duration,
            testbed => testbed.Vm.Run("nft", "-f", File("table ip bans { set bl { type ipv4_addr; flags timeout; elements = { "
                + string.Join(", ", Enumerable.Range(0, Elements).Select(at => $"{Address(at)} timeout 4h")) + " }; }\n"
                + "chain in { type filter hook input priority filter - 10; policy accept; ip saddr @bl drop; }; }\n")),
            (testbed, turn) => testbed.Vm.Run("nft", "add", "element", "ip", "bans", "bl", $"{{ {Address(Elements + turn)} timeout 4h }}"));
        await MeasureAsync(
            report,
            $"{Rules} rules of iptables, a change every 2 s",
            duration,
            testbed => testbed.Vm.Run("iptables-restore", "-w", "--noflush", File(
                "*filter\n" + string.Concat(Enumerable.Range(0, Rules).Select(at => $"-A INPUT -s {Address(at)} -j DROP\n")) + "COMMIT\n")),
            (testbed, turn) => testbed.Vm.Run("iptables", "-w", "-A", "INPUT", "-s", Address(Rules + turn), "-j", "DROP"));
    }

    private static async Task MeasureAsync(
        Report report, string what, TimeSpan duration, Action<MeshTestbed> fill, Action<MeshTestbed, int> change)
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
        var (idle, idlePss) = (ProcessFigures.RssKiB(process), ProcessFigures.PssKiB(process));
        fill(testbed);
        await Task.Delay(TimeSpan.FromSeconds(10)); // the first observation of all new rules

        var (most, mostPss, turn) = (0L, 0L, 0);
        var (before, watch) = (ProcessFigures.Cpu(process), Stopwatch.StartNew());
        while (watch.Elapsed < duration)
        {
            change(testbed, turn++);
            for (var until = watch.Elapsed + Between; watch.Elapsed < until; await Task.Delay(20))
                (most, mostPss) = (Math.Max(most, ProcessFigures.RssKiB(process)), Math.Max(mostPss, ProcessFigures.PssKiB(process)));
        }

        report.Alone(
            $"{what}: CPU with the commands", (ProcessFigures.Cpu(process) - before) / watch.Elapsed * 100, "% of a core", "under 5 %");
        report.Alone($"{what}: largest PSS, seen every 20 ms", mostPss / 1024.0, "MiB", "under 40 MB");
        report.Alone($"{what}: largest RSS, seen every 20 ms", most / 1024.0, "MiB");
        await Task.Delay(TimeSpan.FromSeconds(20));
        report.Alone(
            $"{what}: PSS 20 s later (idle before: {InMiB(idlePss)})", ProcessFigures.PssKiB(process) / 1024.0, "MiB", "it returns");
        report.Alone($"{what}: RSS 20 s later (idle before: {InMiB(idle)})", ProcessFigures.RssKiB(process) / 1024.0, "MiB");
    }

    private static string InMiB(long kiB) => (kiB / 1024.0).ToString("0.0", CultureInfo.InvariantCulture);

    private static string Address(int at) => $"11.{at / 62_500}.{at / 250 % 250}.{at % 250}";

    private static string File(string content)
    {
        var file = Path.Combine(Path.GetTempPath(), $"smm-bench-{Environment.ProcessId}");
        System.IO.File.WriteAllText(file, content);
        return file;
    }
}
