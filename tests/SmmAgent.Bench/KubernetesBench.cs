using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using SmmAgent.Testbed;
using SmmAgent.Testbed.Kube;

namespace SmmAgent.Bench;

/// <summary>
/// Two replicas in a cluster with many WorkloadGroups and many agents in long-poll, beside the embedded mode with as many.
/// </summary>
internal static class KubernetesBench
{
    private const int FirstPort = 18450;
    private const int EmbeddedPort = 18460;
    private const int Namespaces = 10;

    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(30);

    public static async Task RunAsync(Report report, int groups, int agents)
    {
        if (KubeAssets.Folder is null)
        {
            Console.Error.WriteLine("bench: kubernetes: no kube-apiserver, etcd and kubectl: run ./build.sh kube-assets");
            return;
        }

        var embedded = await EmbeddedAsync(groups, agents);
        await using var server = new ApiServer();
        await server.StartAsync();
        IstioObjects.Apply(server);
        server.Kubectl("apply", "--validate=false", "-f", Path.Combine(KubeAssets.Repository, "deploy", "kubernetes", "base", "crd.yaml"));
        var tokens = MakeGroups(server, groups);
        var idle = await RequestsAsync(server, Quiet);

        var replicas = new List<(TestbedProcess Process, TimeSpan Ready)>();
        try
        {
            foreach (var port in (int[])[FirstPort, FirstPort + 1])
                replicas.Add(await StartAsync(server, port));
            report.Alone(
                $"start to ready with {groups:#,0} WorkloadGroups", replicas.Max(replica => replica.Ready.TotalMilliseconds), "ms");
            var before = replicas.Sum(replica => ProcessFigures.PssKiB(replica.Process.Id));

            using var fleet = new Fleet(agents, index => new(FirstPort + (index % 2), $"bench-{index % groups % Namespaces}",
                $"group-{index % groups}", tokens[index % groups % Namespaces]));
            await fleet.HoldAsync();
            var held = replicas.Sum(replica => ProcessFigures.PssKiB(replica.Process.Id));
            report.Beside($"memory of an agent in long-poll, {agents:#,0} on two replicas", (held - before) * 1024.0 / agents,
                embedded.BytesPerAgent, "B", "");
            report.Alone("dashboard PSS, both replicas", held, "KiB");

            var quiet = await RequestsAsync(server, Quiet);
            report.Alone("requests to the API server in the quiet state, both replicas", Math.Max(0, quiet - idle) / Quiet.TotalSeconds,
                "per second");

            var notified = await fleet.ChangeAsync(() => server.Kubectl(
                "-n", "istio-system", "patch", "service", KubernetesCluster.GatewayService, "--subresource=status", "--type=merge", "-p",
                """{"status":{"loadBalancer":{"ingress":[{"ip":"198.51.100.77"}]}}}"""));
            report.Beside("agents that a gateway's change reached", notified.Count, embedded.Notified.Count, "agents", "all");
            report.Beside("change to half of them", Report.Median(notified), Report.Median(embedded.Notified), "ms", "");
            report.Beside("change to all of them, kubectl included", notified.Max(), embedded.Notified.Max(), "ms", "under 5,000 ms");

            var counted = await CountAsync(server);
            await replicas[1].Process.DisposeAsync();
            replicas[1] = await StartAsync(server, FirstPort + 1);
            report.Alone("requests to the API server for a replica's restart", await CountAsync(server) - counted, "requests");
        }
        finally
        {
            foreach (var (process, _) in replicas)
                await process.DisposeAsync();
        }
    }

    private static async Task<(double BytesPerAgent, IReadOnlyList<double> Notified)> EmbeddedAsync(int groups, int agents)
    {
        var folder = Directory.CreateTempSubdirectory("smm-bench-").FullName;
        try
        {
            var authority = new DashboardCertificate(folder, "127.0.0.1", TimeSpan.FromDays(-1), TimeSpan.FromDays(29));
            var path = Path.Combine(folder, "mesh.yaml");
            var mesh = new MeshFile(path, await File.ReadAllTextAsync(authority.AuthorityFile))
            {
                PublicUrl = "https://smm.example.com",
                Gateways = [("gateway", ["198.51.100.10"])]
            };
            var tokens = Enumerable.Range(0, Namespaces).Select(_ => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(24)))
                .ToArray();
            Write();
            await using var dashboard = new TestbedProcess([
                .. Programs.Dashboard, "--mesh", path, "--listen", $"http://127.0.0.1:{EmbeddedPort}", "--client-rate", "100000",
                "--total-rate", "100000",
                "--client-connections", "20000",
            ]);
            await Until.TrueAsync(
                () => Answers(EmbeddedPort, "healthz"), "the embedded dashboard answers", TimeSpan.FromMinutes(1), () => dashboard.Output);
            var before = ProcessFigures.PssKiB(dashboard.Id);
            using var fleet = new Fleet(agents, index =>
                new(EmbeddedPort, $"bench-{index % groups % Namespaces}", $"group-{index % groups}", tokens[index % groups % Namespaces]));
            await fleet.HoldAsync();
            var held = ProcessFigures.PssKiB(dashboard.Id);
            var notified = await fleet.ChangeAsync(() =>
            {
                mesh.Gateways = [("gateway", ["198.51.100.77"])];
                Write();
            });
            return ((held - before) * 1024.0 / agents, notified);

            void Write()
            {
                mesh.Write();
                var text = new StringBuilder(File.ReadAllText(path));
                text.Length = text.ToString().IndexOf("\ngroups:", StringComparison.Ordinal);
                text.Append("\ngroups:\n");
                for (var group = 0; group < groups; group++)
                {
                    text.Append(CultureInfo.InvariantCulture,
                        $"- {{ namespace: bench-{group % Namespaces}, name: group-{group}, serviceAccount: default, network: "
                        + $"vm-network-1, ports: {{ http: 8080 }}, tokenSha256s: "
                        + $"[{Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(tokens[group % Namespaces])))}] }}\n");
                }

                File.WriteAllText(path + ".new", text.ToString());
                File.Move(path + ".new", path, overwrite: true);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <returns>A token for the groups of each namespace.</returns>
    private static string[] MakeGroups(ApiServer server, int groups)
    {
        var items = new JsonArray();
        for (var space = 0; space < Namespaces; space++)
        {
            items.Add(Parsed($$"""{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"bench-{{space}}"} }"""));
            items.Add(Parsed(
                $$"""{"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"default","namespace":"bench-{{space}}"} }"""));
        }

        for (var group = 0; group < groups; group++)
        {
            items.Add(Parsed($$"""
                {"apiVersion":"networking.istio.io/v1beta1","kind":"WorkloadGroup","metadata":{"name":"group-{{group}}","namespace":"bench-{{group % Namespaces}}"},
                 "spec":{"template":{"network":"vm-network-1","serviceAccount":"default","ports":{"http":8080} } } }
                """));
        }

        var file = server.InFolder("groups.json");
        File.WriteAllText(file, new JsonObject { ["apiVersion"] = "v1", ["kind"] = "List", ["items"] = items }.ToJsonString());
        Shell.RunAtMost(TimeSpan.FromMinutes(5), server.KubectlCommand("create", "--validate=false", "-f", file));
        return [.. Enumerable.Range(0, Namespaces)
            .Select(space => server.Kubectl("-n", $"bench-{space}", "create", "token", "default", "--audience", "smm-dashboard").Trim())];
    }

    private static async Task<(TestbedProcess Process, TimeSpan Ready)> StartAsync(ApiServer server, int port)
    {
        var watch = Stopwatch.StartNew();
        var process = new TestbedProcess([
            .. Programs.Dashboard, "--kubernetes", "--kubeconfig", server.Kubeconfig, "--public-url", "https://smm.example.com",
            "--listen", $"http://127.0.0.1:{port}", "--status", $"127.0.0.1:{port + 100}", "--client-rate", "100000", "--total-rate",
            "100000",
            "--client-connections", "20000",
        ]);
        await Until.TrueAsync(() => Answers(port + 100, "readyz"), "the replica is ready", TimeSpan.FromMinutes(2), () => process.Output);
        return (process, watch.Elapsed);
    }

    private static bool Answers(int port, string path)
    {
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
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

    private static async Task<double> RequestsAsync(ApiServer server, TimeSpan time)
    {
        var before = await CountAsync(server);
        await Task.Delay(time);
        return await CountAsync(server) - before;
    }

    private static async Task<double> CountAsync(ApiServer server)
    {
        await Task.Yield();
        return server.Kubectl("get", "--raw", "/metrics").Split('\n')
            .Where(line => line.StartsWith("apiserver_request_total{", StringComparison.Ordinal))
            .Sum(line => double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture));
    }

    private static JsonNode Parsed(string json) => JsonNode.Parse(json)!;

    private sealed record Place(int Port, string Namespace, string Group, string Token);

    /// <summary>Agents that wait for a change, each from an address of its own, as VMs do.</summary>
    private sealed class Fleet(int agents, Func<int, Place> place) : IDisposable
    {
        private readonly HttpClient[] _clients = [.. Enumerable.Range(0, agents).Select(index => Client(place(index), index))];
        private readonly Stopwatch _watch = new();
        private Task<double?>[] _polls = [];

        public async Task HoldAsync()
        {
            var tags = new ConcurrentDictionary<int, string>();
            await Parallel.ForEachAsync(
                Enumerable.Range(0, agents), new ParallelOptions { MaxDegreeOfParallelism = 64 }, async (index, cancel) =>
            {
                using var answer = await _clients[index].GetAsync("mesh-config", cancel);
                tags[index] = answer.Headers.ETag?.ToString()
                    ?? throw new InvalidOperationException($"{answer.StatusCode}: {await answer.Content.ReadAsStringAsync(cancel)}");
            });
            _polls = [.. _clients.Select((client, index) => PollAsync(client, tags[index]))];
            await Task.Delay(TimeSpan.FromSeconds(10)); // the last requests are behind the accepted connections
        }

        /// <returns>After how many milliseconds each agent that was notified had its answer.</returns>
        public async Task<IReadOnlyList<double>> ChangeAsync(Action change)
        {
            _watch.Start();
            change();
            return [.. (await Task.WhenAll(_polls)).OfType<double>()];
        }

        public void Dispose()
        {
            foreach (var client in _clients)
                client.Dispose();
        }

        private async Task<double?> PollAsync(HttpClient client, string etag)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "mesh-config");
            request.Headers.IfNoneMatch.Add(EntityTagHeaderValue.Parse(etag));
            request.Headers.Add("Prefer", "wait=240");
            using var answer = await client.SendAsync(request);
            return answer.StatusCode == HttpStatusCode.OK ? _watch.Elapsed.TotalMilliseconds : null;
        }

        private static HttpClient Client(Place place, int index) => AgentClient.Create(
            $"http://127.0.0.1:{place.Port}/v1/namespaces/{place.Namespace}/workloadgroups/{place.Group}/", place.Token, index,
            TimeSpan.FromMinutes(5));
    }
}
