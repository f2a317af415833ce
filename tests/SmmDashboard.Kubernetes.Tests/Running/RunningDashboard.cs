using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using SmmAgent.Contract;
using SmmDashboard.Admin;
using SmmDashboard.Kubernetes.Mesh;
using SmmDashboard.Startup;

namespace SmmDashboard.Kubernetes.Tests.Running;

/// <summary>A replica of the dashboard in its Kubernetes mode, on loopback, against the real API server.</summary>
internal sealed class RunningDashboard : IAsyncDisposable
{
    public const string PublicUrl = "https://smm.example.com";

    private readonly string _folder;

    private RunningDashboard(WebApplication app, string folder)
    {
        (App, _folder) = (app, folder);
        var addresses = Dashboard.Addresses(app);
        Client = new HttpClient(
            new SocketsHttpHandler { UseProxy = false })
        { BaseAddress = new Uri(addresses[0]), Timeout = TimeSpan.FromMinutes(2) };
        Status = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri(addresses[1]) };
        Admin = new HttpClient(
            new SocketsHttpHandler { UseProxy = false, UseCookies = false, AllowAutoRedirect = false })
        { BaseAddress = new Uri(addresses[^1]) };
    }

    public WebApplication App { get; }

    public HttpClient Client { get; }

    /// <summary>A client of the address of <c>--status</c>.</summary>
    public HttpClient Status { get; }

    /// <summary>A client of the address of <c>--admin</c>.</summary>
    public HttpClient Admin { get; }

    public SmmDashboard.Groups.CurrentMesh Current => App.Services.GetRequiredService<SmmDashboard.Groups.CurrentMesh>();

    public KubernetesMesh Mesh => App.Services.GetRequiredService<KubernetesMesh>();

    /// <param name="server">The API server.</param>
    /// <param name="options">What the command line says.</param>
    /// <param name="seams">The clock and the like.</param>
    /// <param name="address">Of a proxy before the API server; null for the server itself.</param>
    /// <param name="token">The dashboard's own.</param>
    /// <param name="waits">Whether to wait until it is ready.</param>
    /// <param name="packages">The folder of --packages.</param>
    /// <param name="isShown">Whether it has an admin listener.</param>
    public static async Task<RunningDashboard> StartAsync(
        RunningApiServer server, Func<KubernetesOptions, KubernetesOptions>? options = null, DashboardTestHooks? seams = null,
        Uri? address = null,
        string token = RunningApiServer.AdminToken, bool waits = true, string? packages = null, bool isShown = false)
    {
        var folder = Directory.CreateTempSubdirectory("smm-dashboard-").FullName;
        var kubeconfig = Path.Combine(folder, "kubeconfig");
        await File.WriteAllTextAsync(kubeconfig, Kubeconfig(server, address ?? server.Address, token));
        var kubernetes = new KubernetesOptions
        {
            PublicUrl = PublicUrl, Kubeconfig = kubeconfig, Namespace = "smm-dashboard",
            Replica = Path.GetFileName(folder)
        };
        var app = Dashboard.Build(
            new DashboardOptions
            {
                Kubernetes = options is null ? kubernetes : options(kubernetes),
                Listen = [new Listen(new IPEndPoint(IPAddress.Loopback, 0), IsTls: false)],
                Status = new IPEndPoint(IPAddress.Loopback, 0),
                Packages = packages,
                Admin = isShown ? new AdminOptions(new IPEndPoint(IPAddress.Loopback, 0), null) : null,
            },
            mesh: null, seams ?? new DashboardTestHooks());
        await app.StartAsync(TestContext.Current.CancellationToken);
        var dashboard = new RunningDashboard(app, folder);
        if (waits)
            await dashboard.UntilReadyAsync();
        return dashboard;
    }

    public Task UntilReadyAsync() => UntilAsync("is ready", async () => (await ReadyAsync()).Status == HttpStatusCode.OK);

    public async Task<(HttpStatusCode Status, string Text)> ReadyAsync()
    {
        using var answer = await Status.GetAsync("readyz", TestContext.Current.CancellationToken);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    /// <summary>Calls the API.</summary>
    /// <param name="method">For example GET.</param>
    /// <param name="path">For example <c>v1/namespaces/vms/workloadgroups/web/mesh-config</c>.</param>
    /// <param name="token">The bearer token.</param>
    /// <param name="body">JSON; null for none.</param>
    /// <param name="headers">More headers.</param>
    public async Task<Reply> CallAsync(
        HttpMethod method, string path, string token, string? body = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await Client.SendAsync(request, TestContext.Current.CancellationToken);
        return new Reply(response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken),
            response.Headers.ETag?.ToString());
    }

    public async Task<MeshConfig> ConfigAsync(string group, string token)
    {
        var reply = await CallAsync(HttpMethod.Get, $"{group}/mesh-config", token);
        Assert.True(reply.Status == HttpStatusCode.OK, reply.ToString());
        var read = MeshConfigReader.Read(Encoding.UTF8.GetBytes(reply.Body));
        Assert.Empty(read.Errors);
        return read.Value!;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        Status.Dispose();
        Admin.Dispose();
        using var now = new CancellationTokenSource(TimeSpan.Zero);
        await App.StopAsync(now.Token);
        await App.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    public static string Kubeconfig(RunningApiServer server, Uri address, string token) => $$"""
        apiVersion: v1
        kind: Config
        current-context: test
        clusters: [{ name: test, cluster: { server: "{{address}}", certificate-authority: {{server.CaFile}} } }]
        users: [{ name: test, user: { token: {{token}} } }]
        contexts: [{ name: test, context: { cluster: test, user: test, namespace: smm-dashboard } }]
        """;

    public static async Task UntilAsync(string what, Func<Task<bool>> condition)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!await condition())
        {
            if (patience.IsCancellationRequested)
                throw new TimeoutException($"not within 60 s: {what}");
            await Task.Delay(25, TestContext.Current.CancellationToken);
        }
    }
}

/// <summary>An answer of the dashboard.</summary>
internal sealed record Reply(HttpStatusCode Status, string Body, string? ETag)
{
    public void IsProblem(HttpStatusCode status, string code)
    {
        Assert.True(Status == status, ToString());
        Assert.Equal(code, JsonNode.Parse(Body)!["code"]!.GetValue<string>());
    }
}

/// <summary>An agent of a VM: its uuid and its key.</summary>
internal sealed class TestAgent(RunningDashboard dashboard, string group, string token)
{
    private readonly string _key = Convert.ToBase64String(System.Security.Cryptography.RandomNumberGenerator.GetBytes(32)).Replace('+', '-')
        .Replace('/', '_').TrimEnd('=');

    public Guid Uuid { get; init; } = Guid.NewGuid();

    public Task<Reply> ReportAsync(string address, RunningDashboard? through = null) => (through ?? dashboard).CallAsync(
        HttpMethod.Put, $"{group}/agents/{Uuid}", token,
        $$"""
        {"host":{"hostname":"vm","os":"Debian","architecture":"x86_64"},"address":{"value":"{{address}}","source":"interface"},"interfaceAddresses":["{{address}}"],
         "versions":{"agent":"0.1.0"},"conditions":[],"reportedAt":"2026-01-02T03:04:05Z"}
        """, (DashboardApi.AgentKeyHeader, _key));

    /// <summary>Asks for a dial-back to the agent's own port.</summary>
    public Task<Reply> DialBackAsync() => dashboard.CallAsync(
        HttpMethod.Post, $"{group}/agents/{Uuid}/dial-back", token,
        $$"""{"ports":[{{DashboardApi.AgentPort}}],"nonce":"{{new string('n', 32)}}"}""",
        (DashboardApi.AgentKeyHeader, _key));

    public async Task<SmmAgent.Contract.Registration> RegistrationAsync(RunningDashboard? through = null)
    {
        var reply = await (through ?? dashboard).CallAsync(
            HttpMethod.Get, $"{group}/agents/{Uuid}/registration", token, null, (DashboardApi.AgentKeyHeader, _key));
        Assert.True(reply.Status == HttpStatusCode.OK, reply.ToString());
        return JsonSerializer.Deserialize(reply.Body, ContractJson.Default.Registration)!;
    }
}
