using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using SmmAgent.Testbed;

namespace SmmAgent.Bench;

/// <summary>The dashboard with many agents that wait for a change, on loopback.</summary>
internal static class DashboardBench
{
    private const int Port = 18443;

    public static async Task RunAsync(Report report, int agents)
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
            await using var dashboard = new TestbedProcess(
                [.. Programs.Dashboard, "--mesh", Path.Combine(folder, "mesh.yaml"), "--listen", mesh.PublicUrl, "--client-connections",
                    "20000"]);
            using var first = Agent(mesh, 0);
            var etag = await FirstAsync(first, dashboard);
            await ConditionalGetsAsync(report, mesh, etag);
            await LongPollAsync(report, mesh, etag, dashboard, agents);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<string> FirstAsync(HttpClient client, TestbedProcess dashboard)
    {
        var etag = "";
        await Until.TrueAsync(
            () =>
            {
                try
                {
                    using var answer = client.Send(new HttpRequestMessage(HttpMethod.Get, "mesh-config"));
                    etag = answer.Headers.ETag?.ToString() ?? "";
                    return answer.IsSuccessStatusCode;
                }
                catch (HttpRequestException)
                {
                    return false;
                }
            },
            "the dashboard answers",
            lastSeen: () => dashboard.Output);
        await Task.Yield();
        return etag;
    }

    private static async Task ConditionalGetsAsync(Report report, MeshFile mesh, string etag)
    {
        const int Clients = 32;
        var span = TimeSpan.FromSeconds(5);
        var watch = Stopwatch.StartNew();
        var counts = await Task.WhenAll(Enumerable.Range(0, Clients).Select(async index =>
        {
            using var client = Agent(mesh, index);
            var count = 0;
            while (watch.Elapsed < span)
            {
                using var answer = await client.SendAsync(Conditional(etag));
                if (answer.StatusCode == HttpStatusCode.NotModified)
                    count++;
                else if (answer.StatusCode != HttpStatusCode.TooManyRequests)
                    throw new InvalidOperationException($"unexpected {answer.StatusCode}");
            }

            return count;
        }));
        report.Alone($"unchanged conditional GETs, {Clients} clients on the same two cores", counts.Sum() / watch.Elapsed.TotalSeconds,
            "per second");
    }

    private static async Task LongPollAsync(Report report, MeshFile mesh, string etag, TestbedProcess dashboard, int agents)
    {
        var before = ProcessFigures.PssKiB(dashboard.Id);
        var clients = Enumerable.Range(0, agents).Select(index => Agent(mesh, index)).ToArray();
        var watch = new Stopwatch();
        var polls = clients.Select(async client =>
        {
            var request = Conditional(etag);
            request.Headers.Add("Prefer", "wait=120");
            using var answer = await client.SendAsync(request);
            return (answer.StatusCode, watch.Elapsed);
        }).ToArray();

        await Until.TrueAsync(() => Established(Port) >= agents, $"{agents} agents wait", TimeSpan.FromSeconds(60));
        await Task.Delay(TimeSpan.FromSeconds(2)); // the last requests are behind the accepted connections
        report.Alone($"dashboard PSS, {agents} agents in long-poll (before: {before:#,0} KiB)", ProcessFigures.PssKiB(dashboard.Id), "KiB");
        mesh.Ports = [("http", 8081)];
        watch.Start();
        mesh.Write();
        var answers = await Task.WhenAll(polls);
        var reached = answers.Where(answer => answer.StatusCode == HttpStatusCode.OK).Select(answer => answer.Elapsed.TotalMilliseconds)
            .ToArray();
        report.Alone($"agents that a change reached, of {agents}", reached.Length, "agents");
        report.Alone("mesh.yaml changed to half of them notified", Report.Median(reached), "ms");
        report.Alone("mesh.yaml changed to all of them notified", reached.Max(), "ms");
        foreach (var client in clients)
            client.Dispose();
    }

    private static HttpRequestMessage Conditional(string etag)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, "mesh-config");
        request.Headers.IfNoneMatch.Add(EntityTagHeaderValue.Parse(etag));
        return request;
    }

    private static HttpClient Agent(MeshFile mesh, int index) => AgentClient.Create(
        $"{mesh.PublicUrl}/v1/namespaces/vm-integration/workloadgroups/analytics-v0/", mesh.Token, index, TimeSpan.FromMinutes(3));

    private static int Established(int port) => File.ReadLines("/proc/net/tcp").Concat(File.ReadLines("/proc/net/tcp6"))
        .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        .Count(fields => fields[1].EndsWith($":{port:X4}", StringComparison.Ordinal) && fields[3] == "01");
}
