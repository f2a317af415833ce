using System.Buffers.Text;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using SmmAgent.Bed;
using SmmDashboard.Kubernetes.Tests.Running;

[assembly: AssemblyFixture(typeof(RunningApiServer))]

namespace SmmDashboard.Kubernetes.Tests.Running;

/// <summary>
/// A real etcd and kube-apiserver on free ports of the loopback, with a PKI of their own, RBAC and tokens. One for the assembly: a test makes
/// namespaces and kinds of its own. <see cref="KillAsync"/> is for tests of the collection <see cref="Restarts"/>, which run alone.
/// </summary>
public sealed class RunningApiServer : IAsyncDisposable
{
    public const string Restarts = "tests that restart the API server";
    public const string AdminToken = "admin-token";

    /// <summary>A user without any right, until a test grants one.</summary>
    public const string DashboardToken = "dashboard-token";
    public const string DashboardUser = "system:serviceaccount:smm:smm-dashboard";

    private readonly string _folder = Directory.CreateTempSubdirectory("smm-kube-").FullName;
    private readonly TestPki _pki = new();
    private readonly int _etcdPort = FreePort();
    private readonly int _peerPort = FreePort();
    private readonly Lazy<Task> _started;
    private BedProcess? _etcd;
    private BedProcess? _server;
    private HttpClient? _admin;

    public RunningApiServer() => _started = new(StartAsync);

    public int Port { get; } = FreePort();

    public string CaFile => Path.Combine(_folder, "ca.crt");

    internal TestPki Pki => _pki;

    public Uri Address => new($"https://127.0.0.1:{Port}");

    /// <summary>The administrator's client: a plain one, so that the client under test is not its own judge.</summary>
    public HttpClient Admin => _admin ?? throw new InvalidOperationException("the API server does not run");

    /// <summary>Starts the server for the first test that needs it. Skips the test where the programs are missing.</summary>
    public Task RequireAsync()
    {
        Assert.SkipWhen(
            KubeAssets.Folder is null, "no kube-apiserver and etcd: run ./build.sh kube-assets, or name a folder that has them in KUBEBUILDER_ASSETS");
        return _started.Value;
    }

    private async Task StartAsync()
    {
        File.WriteAllText(CaFile, _pki.AuthorityPem);
        using (var certificate = _pki.Server("127.0.0.1"))
        {
            File.WriteAllText(InFolder("server.crt"), certificate.ExportCertificatePem());
            using var key = certificate.GetECDsaPrivateKey()!;
            File.WriteAllText(InFolder("server.key"), key.ExportECPrivateKeyPem());
        }

        using (var accounts = RSA.Create(2048))
        {
            File.WriteAllText(InFolder("sa.key"), accounts.ExportRSAPrivateKeyPem());
            File.WriteAllText(InFolder("sa.pub"), accounts.ExportSubjectPublicKeyInfoPem());
        }

        File.WriteAllText(InFolder("tokens.csv"), $"{AdminToken},admin,1,system:masters\n{DashboardToken},{DashboardUser},2,\n");
        var handler = new SocketsHttpHandler { SslOptions = { CertificateChainPolicy = Trusting(_pki) } };
        _admin = new HttpClient(handler) { BaseAddress = Address, Timeout = TimeSpan.FromSeconds(30) };
        _admin.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", AdminToken);

        var etcdUrl = $"http://127.0.0.1:{_etcdPort}";
        var peerUrl = $"http://127.0.0.1:{_peerPort}";
        _etcd = new BedProcess([
            KubeAssets.Program("etcd"), "--name=test", $"--data-dir={InFolder("etcd")}", $"--listen-client-urls={etcdUrl}", $"--advertise-client-urls={etcdUrl}",
            $"--listen-peer-urls={peerUrl}", $"--initial-advertise-peer-urls={peerUrl}", $"--initial-cluster=test={peerUrl}",
        ]);
        await StartServerAsync();
    }

    /// <summary>Kills the server with SIGKILL: connections break without a farewell.</summary>
    public async Task KillAsync()
    {
        _server!.Signal(Signals.Kill);
        await _server.WaitForExitAsync(TimeSpan.FromSeconds(20));
        await _server.DisposeAsync();
    }

    /// <summary>Starts the server and waits until it is ready.</summary>
    /// <returns>How long it took.</returns>
    public async Task<TimeSpan> StartServerAsync()
    {
        var watch = Stopwatch.StartNew();
        var oldFlags = await OldFlagsAsync();
        _server = new BedProcess([
            KubeAssets.Program("kube-apiserver"), $"--etcd-servers=http://127.0.0.1:{_etcdPort}", "--bind-address=127.0.0.1", "--advertise-address=127.0.0.1",
            $"--secure-port={Port}", .. oldFlags, $"--tls-cert-file={InFolder("server.crt")}", $"--tls-private-key-file={InFolder("server.key")}",
            $"--client-ca-file={CaFile}", $"--token-auth-file={InFolder("tokens.csv")}", $"--service-account-key-file={InFolder("sa.pub")}",
            $"--service-account-signing-key-file={InFolder("sa.key")}", "--service-account-issuer=https://kubernetes.default.svc",
            "--api-audiences=https://kubernetes.default.svc", "--authorization-mode=RBAC", "--service-cluster-ip-range=10.96.0.0/24",
            "--endpoint-reconciler-type=none", "--disable-admission-plugins=ServiceAccount", "--allow-privileged=true", $"--cert-dir={_folder}",
        ]);
        await WaitUntilReadyAsync();
        return watch.Elapsed;
    }

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
        return response.IsSuccessStatusCode ? answer : throw new InvalidOperationException($"{method} {path}: {(int)response.StatusCode} {answer}");
    }

    /// <summary>Makes etcd forget all but the newest state.</summary>
    public async Task CompactAsync()
    {
        using var etcd = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{_etcdPort}") };
        using var range = await etcd.PostAsync("v3/kv/range", new StringContent("""{"key":"AA=="}"""));
        var revision = JsonDocument.Parse(await range.Content.ReadAsStringAsync()).RootElement.GetProperty("header").GetProperty("revision").GetString();
        using var done = await etcd.PostAsync("v3/kv/compaction", new StringContent($$"""{"revision":"{{revision}}","physical":true}"""));
        done.EnsureSuccessStatusCode();
    }

    /// <summary>A file <c>token</c> and a file <c>ca.crt</c>, as the kubelet gives them to a pod.</summary>
    public string ServiceAccountFolder(string token)
    {
        var folder = Directory.CreateDirectory(InFolder(Guid.NewGuid().ToString())).FullName;
        File.WriteAllText(Path.Combine(folder, "token"), token);
        File.Copy(CaFile, Path.Combine(folder, "ca.crt"));
        return folder;
    }

    /// <summary>A JWT with these claims, signed as the API server signs the tokens of service accounts.</summary>
    public string SignedToken(string claims)
    {
        using var key = RSA.Create();
        key.ImportFromPem(File.ReadAllText(InFolder("sa.key")));
        var signed = $"{Base64Url.EncodeToString("""{"alg":"RS256"}"""u8)}.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(claims))}";
        return $"{signed}.{Base64Url.EncodeToString(key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1))}";
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is { HasExited: false } server)
        {
            // On SIGTERM it would wait a minute for open watches.
            server.Signal(Signals.Kill);
            await server.WaitForExitAsync(TimeSpan.FromSeconds(20));
        }

        if (_etcd is not null)
            await _etcd.DisposeAsync();
        _admin?.Dispose();
        _pki.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    internal static X509ChainPolicy Trusting(TestPki pki)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
        };
        policy.CustomTrustStore.Add(pki.Authority);
        return policy;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>Servers up to 1.23 may listen without TLS unless it is switched off; newer ones do not know the flag.</summary>
    private static async Task<string[]> OldFlagsAsync()
    {
        var answer = await Terminal.PipedAsync([KubeAssets.Program("kube-apiserver"), "--version"]);
        return Version.TryParse(answer.Output.Trim().Replace("Kubernetes v", "", StringComparison.Ordinal), out var version) && version < new Version(1, 24)
            ? ["--insecure-port=0"]
            : [];
    }

    private async Task WaitUntilReadyAsync()
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            if (_server!.HasExited || watch.Elapsed > TimeSpan.FromMinutes(2))
                throw new InvalidOperationException($"the API server is not ready:\n{_server.Output}\n{_etcd!.Output}");
            try
            {
                using var response = await Admin.GetAsync("readyz");
                if (response.IsSuccessStatusCode)
                    return;
            }
            catch (Exception fault) when (fault is HttpRequestException or TaskCanceledException)
            {
                // It does not listen or not answer yet.
            }

            await Task.Delay(50);
        }
    }

    private string InFolder(string name) => Path.Combine(_folder, name);
}
