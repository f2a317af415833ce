using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using SmmDashboard.Kubernetes.Tests.Running;

[assembly: AssemblyFixture(typeof(RunningApiServer))]

namespace SmmDashboard.Kubernetes.Tests.Running;

/// <summary>
/// The API server of the assembly: a test makes namespaces and kinds of its own. <see cref="KillAsync"/> is for tests of the collection
/// <see cref="Restarts"/>, which run alone.
/// </summary>
public sealed class RunningApiServer : IAsyncDisposable
{
    public const string Restarts = "tests that restart the API server";
    public const string AdminToken = ApiServer.AdminToken;

    /// <summary>A user without any right, until a test grants one.</summary>
    public const string DashboardToken = "dashboard-token";
    public const string DashboardUser = "system:serviceaccount:smm:smm-dashboard";

    private readonly ApiServer _server = new(null, $"{DashboardToken},{DashboardUser},2,");
    private readonly Lazy<Task> _started;
    private HttpClient? _admin;

    public RunningApiServer() => _started = new(StartAsync);

    public int Port => _server.Port;

    public string CaFile => _server.CaFile;

    internal TestPki Pki => _server.Pki;

    public Uri Address => _server.Address;

    /// <summary>The administrator's client: a plain one, so that the client under test is not its own judge.</summary>
    public HttpClient Admin => _admin ?? throw new InvalidOperationException("the API server does not run");

    /// <summary>Starts the server for the first test that needs it. Skips the test where the programs are missing.</summary>
    public Task RequireAsync()
    {
        Assert.SkipWhen(
            KubeAssets.Folder is null,
            "no kube-apiserver and etcd: run ./build.sh kube-assets, or name a folder that has them in KUBEBUILDER_ASSETS");
        return _started.Value;
    }

    private async Task StartAsync()
    {
        await _server.StartAsync();
        var handler = new SocketsHttpHandler { SslOptions = { CertificateChainPolicy = Trusting(Pki) } };
        _admin = new HttpClient(handler) { BaseAddress = Address, Timeout = TimeSpan.FromSeconds(30) };
        _admin.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", AdminToken);
    }

    /// <summary>Kills the server with SIGKILL: connections break without a TLS close.</summary>
    public Task KillAsync() => _server.KillAsync();

    /// <summary>Starts the server and waits until it is ready.</summary>
    /// <returns>How long it took.</returns>
    public Task<TimeSpan> StartServerAsync() => _server.StartServerAsync();

    /// <summary>A call of the administrator.</summary>
    /// <param name="method">For example POST.</param>
    /// <param name="path">For example <c>api/v1/namespaces</c>.</param>
    /// <param name="body">JSON or YAML; null for none.</param>
    /// <param name="contentType">Of the body.</param>
    public async Task<string> AdminAsync(HttpMethod method, string path, string? body = null, string contentType = "application/yaml")
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, contentType);
        using var response = await Admin.SendAsync(request, TestContext.Current.CancellationToken);
        var answer = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return response.IsSuccessStatusCode ? answer
            : throw new InvalidOperationException($"{method} {path}: {(int)response.StatusCode} {answer}");
    }

    /// <summary>Makes etcd forget all but the newest state.</summary>
    public async Task CompactAsync()
    {
        using var etcd = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{_server.EtcdPort}") };
        using var range = await etcd.PostAsync("v3/kv/range", new StringContent("""{"key":"AA=="}"""));
        var revision = JsonDocument.Parse(await range.Content.ReadAsStringAsync()).RootElement.GetProperty("header").GetProperty("revision")
            .GetString();
        using var done = await etcd.PostAsync("v3/kv/compaction", new StringContent($$"""{"revision":"{{revision}}","physical":true}"""));
        done.EnsureSuccessStatusCode();
    }

    /// <summary>A file <c>token</c> and a file <c>ca.crt</c>, as the kubelet gives them to a pod.</summary>
    public string ServiceAccountFolder(string token)
    {
        var folder = Directory.CreateDirectory(_server.InFolder(Guid.NewGuid().ToString())).FullName;
        File.WriteAllText(Path.Combine(folder, "token"), token);
        File.Copy(CaFile, Path.Combine(folder, "ca.crt"));
        return folder;
    }

    /// <summary>A JWT with these claims, signed as the API server signs the tokens of service accounts.</summary>
    public string SignedToken(string claims) => _server.SignedToken(claims);

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _admin?.Dispose();
    }

    internal static X509ChainPolicy Trusting(TestPki pki) => ApiServer.Trusting(pki);
}
