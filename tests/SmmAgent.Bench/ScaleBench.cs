using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using SmmDashboard.Hosting;

namespace SmmAgent.Bench;

/// <summary>
/// The embedded dashboard at two sizes, one ten times the other: what depends on the number of groups, and what on the number of agents.
/// </summary>
internal static class ScaleBench
{
    private const int Port = 18448;
    private const int AgentsOfGroup = 10;
    private const int Clients = 32;

    // Files of the runtime and of the dashboard, and of this program: each of both has one socket for each agent.
    private const int OtherFiles = 800;

    private const int Changes = 2;

    private static readonly TimeSpan LoadTime = TimeSpan.FromSeconds(5);

    // The dashboard gives memory back within 10 s.
    private static readonly TimeSpan TrimTime = TimeSpan.FromSeconds(11);

    public static async Task RunAsync(Report report, bool isQuick)
    {
        var most = Math.Min(isQuick ? 5_000 : 20_000, (OpenFileLimit.Read() ?? 20_000) - OtherFiles);
        var (groups, agents) = (isQuick ? 500 : 1_000, most / 10 * 10);
        await GroupsAsync(report, groups / 10, groups);
        await AgentsAsync(report, agents / 10, agents);
        await RestartAsync(report, agents / 10, agents);
    }

    private static async Task GroupsAsync(Report report, int few, int many)
    {
        var small = await OneGroupAsync(few);
        var large = await OneGroupAsync(many);
        var sizes = $"{many:#,0} groups beside {few:#,0}";
        report.Beside($"conditional GETs, {sizes}", large.Gets, small.Gets, "per second", "ratio 0.8 or more");
        report.Beside($"edit of one group to its {AgentsOfGroup} agents, {sizes}", large.Edit, small.Edit, "ms", "");
        report.Beside(
            $"CPU time of the edit, {AgentsOfGroup} agents of each group, {sizes}", large.Cpu, small.Cpu, "ms", "ratio 10 or less");
        report.Beside($"agents of other groups that were answered, {sizes}", large.Others, small.Others, "agents", "none");
    }

    private static async Task<(double Gets, double Edit, double Cpu, int Others)> OneGroupAsync(int groups)
    {
        await using var mesh = await ScaleMesh.StartAsync(Port, groups);
        var agents = groups * AgentsOfGroup;
        var gets = await mesh.GetsAsync(Clients, LoadTime);
        using var fleet = new PollingAgents();
        await mesh.HoldAsync(fleet, agents);
        List<double> edits = [];
        List<double> cpu = [];
        foreach (var edited in (int[])[groups / 2, groups / 3, groups / 4, groups / 5, groups / 6])
        {
            var before = ProcessFigures.Cpu(mesh.Process);
            var since = Stopwatch.GetTimestamp();
            mesh.Write(edited);
            edits.Add((await fleet.UntilAnsweredAsync(since, Enumerable.Range(0, AgentsOfGroup).Select(i => edited + i * groups))).Max());
            await Task.Delay(TimeSpan.FromSeconds(3)); // the work after the last answer
            cpu.Add((ProcessFigures.Cpu(mesh.Process) - before).TotalMilliseconds);
        }

        return (gets, Report.Median(edits), Report.Median(cpu), fleet.Answered - 5 * AgentsOfGroup);
    }

    private static async Task AgentsAsync(Report report, int few, int many)
    {
        var small = await HeldAsync(few);
        var large = await HeldAsync(many);
        var sizes = $"{many:#,0} agents beside {few:#,0}";
        report.Beside($"memory of an agent in long-poll, {sizes}", large.Bytes, small.Bytes, "B", "under 12,288 B");
        report.Beside(
            $"the same after {Changes} changes to all of them, maximum, {sizes}", large.BytesAfter, small.BytesAfter, "B",
            "under 12,288 B");
        report.Beside($"change to half of them, {sizes}", large.Half, small.Half, "ms", "");
        report.Beside($"change to all of them, {sizes}", large.All, small.All, "ms", "under 1,000 ms; ratio 10 or less");
        report.Beside($"CPU time of the change, {sizes}", large.Cpu, small.Cpu, "ms", "ratio 10 or less");
    }

    private static async Task<(double Bytes, double BytesAfter, double Half, double All, double Cpu)> HeldAsync(int agents)
    {
        await using var mesh = await ScaleMesh.StartAsync(Port, groups: 1);
        await mesh.GetsAsync(Clients, LoadTime); // the code is compiled, and the heap has its usual size
        await Task.Delay(TrimTime);
        var before = ProcessFigures.PssKiB(mesh.Process);
        using var fleet = new PollingAgents();
        await mesh.HoldAsync(fleet, agents);
        await Task.Delay(TrimTime);
        var held = PerAgent();
        var after = 0.0;
        List<double> half = [];
        List<double> all = [];
        List<double> cpus = [];
        for (var change = 0; change < Changes; change++)
        {
            var cpu = ProcessFigures.Cpu(mesh.Process);
            var since = Stopwatch.GetTimestamp();
            mesh.Write(edited: 0);
            var notified = await fleet.UntilAnsweredAsync(since, Enumerable.Range(0, agents));
            half.Add(Report.Median(notified));
            all.Add(notified.Max());
            await Task.Delay(TimeSpan.FromSeconds(2)); // the work after the last answer
            cpus.Add((ProcessFigures.Cpu(mesh.Process) - cpu).TotalMilliseconds);
            await mesh.HoldAgainAsync(fleet);
            await Task.Delay(TrimTime);
            after = Math.Max(after, PerAgent());
        }

        return (held, after, Report.Median(half), all.Max(), Report.Median(cpus));

        double PerAgent() => (ProcessFigures.PssKiB(mesh.Process) - before) * 1024.0 / agents;
    }

    private static async Task RestartAsync(Report report, int few, int many)
    {
        var (small, large) = (await StartAsync(few), await StartAsync(many));
        var sizes = $"{many:#,0} agents in --data beside {few:#,0}";
        report.Beside($"start to listening, {sizes}", large.Listening, small.Listening, "ms", "under 1,000 ms");
        report.Beside($"CPU time of the start, {sizes}", large.Cpu, small.Cpu, "ms", "ratio 10 or less");
    }

    private static async Task<(double Listening, double Cpu)> StartAsync(int agents)
    {
        var data = Directory.CreateTempSubdirectory("smm-bench-data-").FullName;
        try
        {
            WriteAgents(data, agents);
            List<double> listening = [];
            List<double> cpu = [];
            for (var run = 0; run < 5; run++)
            {
                await using var mesh = await ScaleMesh.StartAsync(Port, groups: 1, ["--data", data]);
                listening.Add(mesh.Listening.TotalMilliseconds);
                await Task.Delay(TimeSpan.FromSeconds(4)); // everything is read
                cpu.Add(ProcessFigures.Cpu(mesh.Process).TotalMilliseconds);
            }

            return (Report.Median(listening), Report.Median(cpu));
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    // As a dashboard leaves them: one file for each agent with its last report.
    private static void WriteAgents(string data, int agents)
    {
        const string Time = "2026-11-28T10:00:00+00:00";
        var folder = Directory.CreateDirectory(Path.Combine(data, "agents", ScaleMesh.Namespace, ScaleMesh.Group(0))).FullName;
        var message = new string('m', 100);
        for (var index = 0; index < agents; index++)
        {
            var (uuid, host) = ($"{Guid.NewGuid():D}", string.Create(CultureInfo.InvariantCulture, $"vm-{index}"));
            var address = string.Create(CultureInfo.InvariantCulture, $"10.{index / 62500}.{index / 250 % 250}.{index % 250 + 1}");
            var conditions = new JsonArray();
            for (var number = 0; number < 12; number++)
            {
                conditions.Add(new JsonObject
                {
                    ["type"] = $"Condition{number}", ["status"] = "True", ["reason"] = "AllIsWell", ["message"] = message,
                    ["lastTransitionTime"] = Time,
                });
            }

            var file = new JsonObject
            {
                ["keySha256"] = Convert.ToHexStringLower(SHA256.HashData(BitConverter.GetBytes(index))),
                ["seenAt"] = Time,
                ["report"] = new JsonObject
                {
                    ["host"] = new JsonObject { ["hostname"] = host, ["os"] = "Debian GNU/Linux 13", ["architecture"] = "amd64" },
                    ["address"] = new JsonObject { ["value"] = address, ["source"] = "dashboard" },
                    ["interfaceAddresses"] = new JsonArray(address),
                    ["versions"] = new JsonObject { ["agent"] = "0.1.0" },
                    ["conditions"] = conditions,
                },
                ["instances"] = new JsonArray(new JsonObject
                {
                    ["id"] = uuid, ["hostname"] = host, ["address"] = address, ["firstSeen"] = Time, ["lastSeen"] = Time,
                }),
                ["isProven"] = true,
            };
            File.WriteAllText(Path.Combine(folder, $"{uuid}.json"), file.ToJsonString());
        }
    }
}
