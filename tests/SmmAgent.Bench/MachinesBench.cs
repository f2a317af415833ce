using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;
using SmmAgent.Testbed;
using SmmAgent.Testbed.Kube;

namespace SmmAgent.Bench;

/// <summary>The dashboard in a cluster with many AttachedMachines: how long it takes to be ready, and what each costs in memory.</summary>
internal static class MachinesBench
{
    private const int Port = 18444;
    private const string Kind = "apis/smm-agent.io/v1alpha1/namespaces/vm-integration/attachedmachines";

    public static async Task RunAsync(Report report, int machines)
    {
        if (KubeAssets.Folder is null)
        {
            Console.Error.WriteLine("bench: machines: no kube-apiserver and etcd: run ./build.sh kube-assets");
            return;
        }

        await using var server = new ApiServer();
        await server.StartAsync();
        using var admin = Admin(server);
        await SendAsync(admin, HttpMethod.Post, "apis/apiextensions.k8s.io/v1/customresourcedefinitions",
            await File.ReadAllTextAsync(Crd()), "application/yaml");
        await SendAsync(
            admin, HttpMethod.Post, "api/v1/namespaces", """{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"vm-integration"}}""");
        await Until.TrueAsync(() => admin.GetAsync(Kind).GetAwaiter().GetResult().IsSuccessStatusCode, "the kind is served");

        await StartedAsync(server, 0); // the first start reads the programs from the disk
        var none = await StartedAsync(server, 0);
        var watch = Stopwatch.StartNew();
        await Parallel.ForEachAsync(Enumerable.Range(0, machines), new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (index, _) =>
            await MakeAsync(admin, index));
        report.Alone($"{machines:#,0} machines made and reported, by a plain client", 2 * machines / watch.Elapsed.TotalSeconds,
            "writes per second");
        var all = await StartedAsync(server, machines);

        report.Beside($"start to ready with {machines:#,0} machines, beside none", all.Ready.TotalMilliseconds,
            none.Ready.TotalMilliseconds, "ms", "");
        report.Beside($"dashboard PSS with {machines:#,0} machines, beside none", all.PssKiB, none.PssKiB, "KiB", "");
        report.Alone("that is, for each machine", (all.PssKiB - none.PssKiB) * 1024.0 / machines, "B");
    }

    private static async Task<(TimeSpan Ready, long PssKiB)> StartedAsync(ApiServer server, int machines)
    {
        var watch = Stopwatch.StartNew();
        await using var dashboard = new TestbedProcess([
            .. Programs.Dashboard, "--kubernetes", "--kubeconfig", server.Kubeconfig, "--public-url", "https://smm.example.com",
            "--listen", $"http://127.0.0.1:{Port}", "--status", $"127.0.0.1:{Port + 1}",
        ]);
        using var status = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{Port + 1}") };
        await Until.TrueAsync(() => IsReady(status), "the dashboard is ready", TimeSpan.FromMinutes(2), () => dashboard.Output);
        var ready = watch.Elapsed;
        var metrics = await status.GetStringAsync("metrics");
        if (!metrics.Contains($"\nsmm_dashboard_machines {machines}\n", StringComparison.Ordinal))
            throw new InvalidOperationException($"the dashboard does not know {machines} machines:\n{metrics}");

        await Task.Delay(TimeSpan.FromSeconds(5)); // the memory of the start is released
        return (ready, ProcessFigures.PssKiB(dashboard.Id));
    }

    private static bool IsReady(HttpClient status)
    {
        try
        {
            using var answer = status.Send(new HttpRequestMessage(HttpMethod.Get, "readyz"));
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static async Task MakeAsync(HttpClient admin, int index)
    {
        var uuid = $"{Guid.NewGuid():D}";
        await SendAsync(admin, HttpMethod.Post, Kind, $$"""
            {"apiVersion":"smm-agent.io/v1alpha1","kind":"AttachedMachine","metadata":{"name":"{{uuid}}","labels":{"smm-agent.io/workload-group":"analytics-v0"} },
             "spec":{"workloadGroup":"analytics-v0","keySha256":"{{new string('a', 64)}}"} }
            """);
        var conditions = string.Join(',', Enumerable.Range(0, 11).Select(number =>
            $$"""{"type":"Condition{{number}}","status":"True","reason":"AllIsWell","message":"{{new string('m', 100)}}","lastTransitionTime":"2026-11-28T10:00:00Z"} """));
        await SendAsync(admin, HttpMethod.Patch, $"{Kind}/{uuid}/status", $$"""
            {"status":{"host":"vm-{{index}}","address":"10.0.{{index / 250}}.{{(index % 250) + 1}}","agentVersion":"0.1.0","lastReportTime":"{{DateTime.UtcNow:yyyy-MM-ddTHH:mm:ssZ}}",
             "instances":[{"id":"{{Guid.NewGuid():D}}","host":"vm-{{index}}","firstSeen":"2026-11-28T10:00:00Z","lastSeen":"2026-11-28T10:00:00Z"}],"conditions":[{{conditions}}]} }
            """, "application/merge-patch+json");
    }

    private static async Task SendAsync(HttpClient admin, HttpMethod method, string path, string body, string type = "application/json")
    {
        using var request = new HttpRequestMessage(method, path) { Content = new StringContent(body, Encoding.UTF8, type) };
        using var answer = await admin.SendAsync(request);
        if (!answer.IsSuccessStatusCode)
            throw new InvalidOperationException($"{method} {path}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
    }

    private static HttpClient Admin(ApiServer server)
    {
        var client = new HttpClient(new SocketsHttpHandler
        {
            SslOptions = { CertificateChainPolicy = ApiServer.Trusting(server.Pki) },
            UseProxy = false
        })
        { BaseAddress = server.Address };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", ApiServer.AdminToken);
        return client;
    }

    private static string Crd()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "SmmAgent.sln")))
            folder = folder.Parent ?? throw new InvalidOperationException("SmmAgent.sln was not found above the benchmark");
        return Path.Combine(folder.FullName, "deploy/kubernetes/base/crd.yaml");
    }
}
