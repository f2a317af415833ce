using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using SmmAgent.Contract;
using SmmAgent.Testbed;

namespace SmmAgent.Bench;

/// <summary>The pages of the embedded dashboard with many machines: what a machine costs in memory, and how long a page takes.</summary>
internal static class PagesBench
{
    private const int Port = 18446;
    private const int Repetitions = 30;

    private static readonly string[] Types =
    [
        "ConfigCurrent", "TokenCurrent", "DashboardReachable", "AddressKnown", "GatewaysReachable", "PortsOpen", "ReachableFromCluster",
        "SidecarInstalled", "SidecarCurrent", "SidecarRunning", "Registered", "Healthy",
    ];

    public static async Task RunAsync(Report report, int machines)
    {
        var folder = Directory.CreateTempSubdirectory("smm-bench-").FullName;
        try
        {
            var authority = new DashboardCertificate(folder, "127.0.0.1", TimeSpan.FromDays(-1), TimeSpan.FromDays(29));
            var mesh = new MeshFile(Path.Combine(folder, "mesh.yaml"), await File.ReadAllTextAsync(authority.AuthorityFile))
            {
                PublicUrl = $"http://127.0.0.1:{Port}",
            };
            mesh.Write();
            var without = await MeasureAsync(report, mesh, machines, isShown: false);
            var with = await MeasureAsync(report, mesh, machines, isShown: true);
            report.Beside($"dashboard PSS with {machines:#,0} reported machines, with --admin beside without", with, without, "KiB", "");
            report.Alone("that is, for each machine", (with - without) * 1024.0 / machines, "B");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<long> MeasureAsync(Report report, MeshFile mesh, int machines, bool isShown)
    {
        await using var dashboard = new TestbedProcess([
            .. Programs.Dashboard, "--mesh", mesh.FilePath, "--listen", mesh.PublicUrl, "--new-agent-rate", "1000", "--client-rate",
                "100000",
            "--total-rate", "100000", .. isShown ? (string[])["--admin", $"127.0.0.1:{Port + 1}"] : [],
        ]);
        using var client = new HttpClient { BaseAddress = new Uri(mesh.PublicUrl) };
        await Until.TrueAsync(() => Answers(client, "/healthz"), "the dashboard answers", lastSeen: () => dashboard.Output);
        await Parallel.ForEachAsync(
            Enumerable.Range(0, machines), new ParallelOptions { MaxDegreeOfParallelism = 16 },
            async (index, cancel) => await ReportAsync(client, mesh, index, cancel));
        if (isShown)
            await TimesAsync(report, machines);
        await Task.Delay(TimeSpan.FromSeconds(10)); // the memory of the reports is released
        return ProcessFigures.PssKiB(dashboard.Id);
    }

    private static async Task TimesAsync(Report report, int machines)
    {
        using var admin = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{Port + 1}") };
        var last = "";
        await Until.TrueAsync(
            () => (last = admin.GetStringAsync("/v1/machines?limit=1").GetAwaiter().GetResult())
                .Contains($"\"total\":{machines},", StringComparison.Ordinal),
            "all machines are shown", lastSeen: () => last);
        var next = await DeepAsync(admin, machines / 2);
        foreach (var (name, path) in ((string, string)[])[
            ("first page of the list, 50 machines, HTML", "/machines"),
            ("page in the middle", $"/machines?continue={next}"),
            ("search for one machine", $"/machines?q=vm-{machines / 2}"),
            ("500 machines, JSON", "/v1/machines?limit=500"),
            ("page of one machine", $"/machines/vm-integration/analytics-v0/vm-{machines / 2}"),
        ])
        {
            var times = new List<double>();
            for (var i = 0; i < Repetitions; i++)
            {
                var watch = Stopwatch.StartNew();
                await admin.GetByteArrayAsync(path);
                times.Add(watch.Elapsed.TotalMilliseconds);
                // Within the rate of one client.
                await Task.Delay(TimeSpan.FromMilliseconds(20));
            }

            report.Alone($"{name}, of {machines:#,0}", Report.Median(times), "ms");
        }
    }

    private static async Task<string?> DeepAsync(HttpClient admin, int machines)
    {
        string? next = null;
        for (var seen = 0; seen < machines; seen += 500)
        {
            using var page = JsonDocument.Parse(
                await admin.GetStringAsync($"/v1/machines?limit=500{(next is null ? "" : $"&continue={next}")}"));
            if (page.RootElement.GetProperty("continue").GetString() is not { } more)
                break;
            next = more;
        }

        return next;
    }

    private static async Task ReportAsync(HttpClient client, MeshFile mesh, int index, CancellationToken cancellationToken)
    {
        var agent = new AgentReport
        {
            Host = new HostReport($"vm-{index}", "Debian GNU/Linux 12 (bookworm)", "amd64"),
            Address = new AddressReport($"10.{index >> 16}.{(index >> 8) & 255}.{index & 255}", "configured"),
            InterfaceAddresses = [$"10.{index >> 16}.{(index >> 8) & 255}.{index & 255}", "fe80::1"],
            Versions = new VersionReport("0.1.0", "1.24.3"),
            Conditions =
            [
                .. Types.Select(type => new Condition
                {
                    Type = type, Status = "True", Reason = "Current", LastTransitionTime = DateTimeOffset.UnixEpoch,
                    Message = $"the condition {type} of vm-{index} holds, and the message has the length of a usual one",
                }),
            ],
            ReportedAt = TimeProvider.System.GetUtcNow(),
            Instance = $"{index:x16}",
        };
        using var request = new HttpRequestMessage(
            HttpMethod.Put, $"{DashboardApi.GroupPath("vm-integration", "analytics-v0")}/agents/{Guid.NewGuid()}");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", mesh.Token);
        request.Headers.Add(DashboardApi.AgentKeyHeader, Convert.ToBase64String(Guid.NewGuid().ToByteArray().Concat(new byte[16]).ToArray())
            .Replace('+', '-').Replace('/', '_').TrimEnd('='));
        request.Content = new StringContent(
            JsonSerializer.Serialize(agent, ContractJson.Default.AgentReport), Encoding.UTF8, "application/json");
        using var answer = await client.SendAsync(request, cancellationToken);
        answer.EnsureSuccessStatusCode();
    }

    private static bool Answers(HttpClient client, string path)
    {
        try
        {
            using var answer = client.Send(new HttpRequestMessage(HttpMethod.Get, path));
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
