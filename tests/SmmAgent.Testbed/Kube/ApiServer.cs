using System.Buffers.Text;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace SmmAgent.Testbed.Kube;

/// <summary>A real etcd and kube-apiserver on free ports of the loopback, with a PKI of their own, RBAC and tokens.</summary>
public sealed class ApiServer : IAsyncDisposable
{
    public const string AdminToken = "admin-token";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly NetworkNamespace? _inside;
    private readonly string _users;
    private TestbedProcess? _etcd;
    private TestbedProcess? _server;

    /// <param name="inside">Where they run; null is the host's own network.</param>
    /// <param name="users">Further lines of the file of tokens: <c>TOKEN,USER,UID,GROUPS</c>.</param>
    public ApiServer(NetworkNamespace? inside = null, params string[] users)
    {
        (_inside, _users) = (inside, string.Concat(users.Select(user => user + "\n")));
        Kubeconfig = WriteKubeconfig(AdminToken);
    }

    public string Folder { get; } = Directory.CreateTempSubdirectory("smm-kube-").FullName;

    public TestPki Pki { get; } = new();

    public int Port { get; } = FreePort();

    public int EtcdPort { get; } = FreePort();

    public Uri Address => new($"https://127.0.0.1:{Port}");

    public string CaFile => InFolder("ca.crt");

    /// <summary>The key that signs tokens of service accounts, in PEM.</summary>
    public string AccountKeyFile => InFolder("sa.key");

    /// <summary>The administrator's kubeconfig.</summary>
    public string Kubeconfig { get; }

    public async Task StartAsync()
    {
        File.WriteAllText(CaFile, Pki.AuthorityPem);
        using (var certificate = Pki.Server("127.0.0.1"))
        {
            File.WriteAllText(InFolder("server.crt"), certificate.ExportCertificatePem());
            using var key = certificate.GetECDsaPrivateKey()!;
            File.WriteAllText(InFolder("server.key"), key.ExportECPrivateKeyPem());
        }

        using (var accounts = RSA.Create(2048))
        {
            File.WriteAllText(AccountKeyFile, accounts.ExportRSAPrivateKeyPem());
            File.WriteAllText(InFolder("sa.pub"), accounts.ExportSubjectPublicKeyInfoPem());
        }

        File.WriteAllText(InFolder("tokens.csv"), $"{AdminToken},admin,1,system:masters\n{_users}");
        var (etcdUrl, peerUrl) = ($"http://127.0.0.1:{EtcdPort}", $"http://127.0.0.1:{FreePort()}");
        _etcd = new TestbedProcess(Command(
            KubeAssets.Program("etcd"), "--name=test", $"--data-dir={InFolder("etcd")}", $"--listen-client-urls={etcdUrl}",
            $"--advertise-client-urls={etcdUrl}",
            $"--listen-peer-urls={peerUrl}", $"--initial-advertise-peer-urls={peerUrl}", $"--initial-cluster=test={peerUrl}"));
        await StartServerAsync();
    }

    /// <summary>Starts the API server alone, after <see cref="KillAsync"/>, and waits until it is ready.</summary>
    /// <returns>How long it took.</returns>
    public async Task<TimeSpan> StartServerAsync()
    {
        var watch = Stopwatch.StartNew();
        _server = new TestbedProcess(Command([
            KubeAssets.Program("kube-apiserver"), $"--etcd-servers=http://127.0.0.1:{EtcdPort}", "--bind-address=127.0.0.1",
            "--advertise-address=127.0.0.1",
            $"--secure-port={Port}", .. await OldFlagsAsync(), $"--tls-cert-file={InFolder("server.crt")}",
            $"--tls-private-key-file={InFolder("server.key")}",
            $"--client-ca-file={CaFile}", $"--token-auth-file={InFolder("tokens.csv")}", $"--service-account-key-file={InFolder("sa.pub")}",
            $"--service-account-signing-key-file={AccountKeyFile}", "--service-account-issuer=https://kubernetes.default.svc",
            "--api-audiences=https://kubernetes.default.svc", "--authorization-mode=RBAC", "--service-cluster-ip-range=10.96.0.0/24",
            "--endpoint-reconciler-type=none", "--disable-admission-plugins=ServiceAccount", "--allow-privileged=true",
            $"--cert-dir={Folder}",
        ]));
        while (!await IsReadyAsync())
        {
            if (_server.HasExited || watch.Elapsed > Patience)
                throw new InvalidOperationException($"the API server is not ready:\n{_server.Output}\n{_etcd!.Output}");
            await Task.Delay(50);
        }

        return watch.Elapsed;
    }

    /// <summary>Kills the server with SIGKILL: connections break without a TLS close.</summary>
    public async Task KillAsync()
    {
        _server!.Signal(Signals.Kill);
        await _server.WaitForExitAsync(TimeSpan.FromSeconds(20));
        await _server.DisposeAsync();
    }

    /// <summary>Runs kubectl as the administrator to its end.</summary>
    /// <returns>What it printed.</returns>
    public string Kubectl(params string[] arguments) => Shell.Run(KubectlCommand(arguments));

    /// <summary>Applies YAML as the administrator.</summary>
    public string Apply(string yaml)
    {
        var file = InFolder($"{Guid.NewGuid():N}.yaml");
        File.WriteAllText(file, yaml);
        // Old servers do not know all members.
        return Kubectl("apply", "--validate=false", "-f", file);
    }

    public string[] KubectlCommand(params string[] arguments) =>
        Command([KubeAssets.Program("kubectl"), "--kubeconfig", Kubeconfig, .. arguments]);

    /// <summary>Writes a kubeconfig for a token.</summary>
    /// <returns>Its path.</returns>
    public string WriteKubeconfig(string token)
    {
        var file = InFolder($"kubeconfig-{Guid.NewGuid():N}");
        File.WriteAllText(file, $$"""
            apiVersion: v1
            kind: Config
            current-context: test
            clusters: [{ name: test, cluster: { server: "{{Address}}", certificate-authority: {{CaFile}} } }]
            users: [{ name: test, user: { token: {{token}} } }]
            contexts: [{ name: test, context: { cluster: test, user: test, namespace: smm-dashboard } }]
            """);
        return file;
    }

    /// <summary>A JWT with these claims, signed as the API server signs the tokens of service accounts.</summary>
    public string SignedToken(string claims)
    {
        using var key = RSA.Create();
        key.ImportFromPem(File.ReadAllText(AccountKeyFile));
        var signed = $"{Base64Url.EncodeToString("""{"alg":"RS256"}"""u8)}.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(claims))}";
        var signature = key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        return $"{signed}.{Base64Url.EncodeToString(signature)}";
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
        Pki.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    public static X509ChainPolicy Trusting(TestPki pki)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
        };
        policy.CustomTrustStore.Add(pki.Authority);
        return policy;
    }

    public string InFolder(string name) => Path.Combine(Folder, name);

    private string[] Command(params string[] command) => _inside is { } network ? network.Inside(command) : command;

    private async Task<bool> IsReadyAsync()
    {
        if (_inside is not null)
            return Shell.Try(KubectlCommand("get", "--raw", "/readyz", "--request-timeout=5s")).ExitCode == 0;

        using var client = new HttpClient(
            new SocketsHttpHandler { SslOptions = { CertificateChainPolicy = Trusting(Pki) }, UseProxy = false })
        {
            BaseAddress = Address,
            Timeout = TimeSpan.FromSeconds(10),
            DefaultRequestHeaders = { Authorization = new("Bearer", AdminToken) },
        };
        try
        {
            using var response = await client.GetAsync("readyz");
            return response.IsSuccessStatusCode;
        }
        catch (Exception fault) when (fault is HttpRequestException or TaskCanceledException)
        {
            return false; // it does not listen or not answer yet
        }
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
        return Version.TryParse(answer.Output.Trim().Replace("Kubernetes v", "", StringComparison.Ordinal), out var version)
            && version < new Version(1, 24)
            ? ["--insecure-port=0"]
            : [];
    }
}
