using System.Text.Json.Nodes;

namespace SmmAgent.Testbed.Kube;

/// <summary>
/// The Kubernetes cluster of a testbed, instead of the embedded dashboard: a real API server with the objects of plain Istio and of the SMM
/// operator, what <c>deploy/kubernetes</c> applies, and two replicas of the dashboard with its rights, behind one address as kube-proxy
/// would have it.
/// </summary>
public sealed class KubernetesCluster : IAsyncDisposable
{
    public const string GatewayService = "istio-eastwestgateway";

    /// <summary>The Secret to which the VM's token is bound.</summary>
    public const string VmSecret = "vm1";

    private const string Namespace = "vm-integration";
    private const int FirstPort = 9443;
    private const int FirstAdminPort = 8090;
    private const string Viewer = "viewer";

    /// <summary>Makes the token with which a viewer signs in on the pages.</summary>
    public const string ViewerTokenCommand =
        $"kubectl -n {Namespace} create token {Viewer} --audience smm-dashboard --duration 8h";

    private readonly MeshTestbed _testbed;
    private readonly TestbedProcess?[] _replicas = new TestbedProcess?[2];
    private readonly DashboardCertificate _certificate;
    private readonly bool _isShown;
    private string _kubeconfig = "";

    private KubernetesCluster(MeshTestbed testbed, DashboardCertificate certificate, bool isShown)
    {
        (_testbed, _certificate, _isShown) = (testbed, certificate, isShown);
        Server = new ApiServer(testbed.Cluster);
    }

    public ApiServer Server { get; }

    /// <summary>
    /// The VM's bearer token: of the WorkloadGroup's service account, for the dashboard's audience, bound to <see cref="VmSecret"/>.
    /// </summary>
    public string Token { get; private set; } = "";

    /// <summary>What a replica has printed.</summary>
    public string Output(int replica) => _replicas[replica]?.Output ?? "it does not run";

    /// <summary>A file with the token of an account that sees the machines; on the testbed's host.</summary>
    public string ViewerTokenFile => Server.InFolder("viewer-token");

    /// <summary>The URL of the pages of a replica, in the namespace of the cluster.</summary>
    public static string AdminUrl(int replica) => $"http://127.0.0.1:{FirstAdminPort + replica}";

    internal static async Task<KubernetesCluster> StartAsync(MeshTestbed testbed, DashboardCertificate certificate, bool isShown)
    {
        var cluster = new KubernetesCluster(testbed, certificate, isShown);
        try
        {
            await cluster.Server.StartAsync();
            cluster.ApplyIstio();
            cluster.ApplyDashboard();
            if (isShown)
                cluster.ApplyViewer();
            foreach (var replica in (int[])[0, 1])
                await cluster.StartReplicaAsync(replica);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Gives the east-west gateway these addresses, as a cloud's load balancer does.</summary>
    public void SetGateways(params string[] addresses) => Server.Kubectl(
        "-n", "istio-system", "patch", "service", GatewayService, "--subresource=status", "--type=merge", "-p",
        new JsonObject
        {
            ["status"] = new JsonObject
            {
                ["loadBalancer"] = new JsonObject
                {
                    ["ingress"] = new JsonArray(
                [.. addresses.Select(address => new JsonObject { ["ip"] = address })])
                }
            },
        }.ToJsonString());

    /// <summary>Makes the WorkloadEntry of the VM, as istiod does for a sidecar that connects.</summary>
    public void MakeWorkloadEntry(string uuid) => Server.Apply($$"""
        apiVersion: networking.istio.io/v1beta1
        kind: WorkloadEntry
        metadata:
          name: analytics-v0-{{MeshTestbed.VmAddress}}-vm-network-1
          namespace: {{Namespace}}
          labels: { app: analytics, version: v0, istio.io/rev: default, smm-agent.io/uuid: "{{uuid}}" }
          annotations: { istio.io/autoRegistrationGroup: analytics-v0, istio.io/workloadController: istiod-1, istio.io/connectedAt: "2026-11-20T19:20:21.123456789Z" }
        spec: { address: {{MeshTestbed.VmAddress}}, network: vm-network-1, serviceAccount: default }
        """);

    /// <summary>Makes another token for the VM.</summary>
    public string MakeToken() => Token = Server.Kubectl(
        "-n", Namespace, "create", "token", "default", "--audience", "smm-dashboard", "--duration", "1h", "--bound-object-kind", "Secret",
        "--bound-object-name", VmSecret).Trim();

    /// <summary>
    /// A token as <see cref="MakeToken"/> makes one, but close to its expiry; the API server itself makes none for less than 10
    /// minutes.
    /// </summary>
    public string MakeOldToken(TimeSpan age, TimeSpan left)
    {
        var now = DateTimeOffset.UtcNow;
        return Token = Server.SignedToken($$$"""
            {"aud":["smm-dashboard"],"iss":"https://kubernetes.default.svc","sub":"system:serviceaccount:{{{Namespace}}}:default",
             "iat":{{{(now - age).ToUnixTimeSeconds()}}},"nbf":{{{(now - age).ToUnixTimeSeconds()}}},"exp":{{{(now + left).ToUnixTimeSeconds()}}},
             "kubernetes.io":{"namespace":"{{{Namespace}}}","serviceaccount":{"name":"default","uid":"{{{Uid("serviceaccount", "default")}}}"} ,
                              "secret":{"name":"{{{VmSecret}}}","uid":"{{{Uid("secret", VmSecret)}}}"} } }
            """);
    }

    /// <summary>
    /// Deletes the Secret of the VM's token, and waits until the API server, which remembers tokens for 10 s, refuses it.
    /// </summary>
    public async Task RevokeAsync()
    {
        Server.Kubectl("-n", Namespace, "delete", "secret", VmSecret);
        var review = Server.InFolder("review.json");
        File.WriteAllText(
            review,
            $$$"""{"apiVersion":"authentication.k8s.io/v1","kind":"TokenReview","spec":{"audiences":["smm-dashboard"],"token":"{{{Token}}}"}}""");
        await Until.TrueAsync(
            () => Server.Kubectl("create", "-f", review, "-o", "jsonpath={.status.authenticated}") != "true",
            "the API server refuses the token", TimeSpan.FromSeconds(30));
    }

    /// <summary>Starts a replica and lets the Service lead to it once it is ready.</summary>
    public async Task StartReplicaAsync(int replica)
    {
        var (port, status) = (FirstPort + replica, StatusAddress(replica));
        var process = _replicas[replica] = new TestbedProcess(_testbed.Cluster.Inside([
            .. Programs.Dashboard, "--kubernetes", "--kubeconfig", _kubeconfig, "--public-url", _testbed.DashboardUrl,
            "--listen", $"https://{MeshTestbed.DashboardAddress}:{port}", "--certificate", _certificate.CertificateFile, "--key",
            _certificate.KeyFile, "--status", status, .. _isShown ? (string[])["--admin", new Uri(AdminUrl(replica)).Authority] : [],
        ]));
        await Until.TrueAsync(
            () => process.HasExited ? throw new InvalidOperationException(process.Output)
                : _testbed.Cluster.Try("curl", "-sf", $"http://{status}/readyz").ExitCode == 0,
            $"replica {replica} is ready", TimeSpan.FromMinutes(1), () => process.Output);
        RouteToRunning();
    }

    /// <summary>Kills a replica; the Service leads to the other one.</summary>
    public async Task KillReplicaAsync(int replica)
    {
        if (_replicas[replica] is not { } process)
            return;

        process.Signal(Signals.Kill);
        await process.WaitForExitAsync(TimeSpan.FromSeconds(20));
        await process.DisposeAsync();
        _replicas[replica] = null;
        RouteToRunning();
    }

    /// <summary>The kinds of objects that running replicas cannot watch, for example because the account may not read them.</summary>
    public IReadOnlySet<string> FailingWatches() => Running()
        .SelectMany(replica => _testbed.Cluster.Run("curl", "-sf", $"http://{StatusAddress(replica)}/metrics").Split('\n')
            .Where(line => line.StartsWith("smm_dashboard_watch_failing{", StringComparison.Ordinal)
                && line.EndsWith(" 1", StringComparison.Ordinal))
            .Select(line => $"replica {replica}: {line}"))
        .ToHashSet();

    /// <summary>Waits until the replicas watch everything again except what they could not watch before.</summary>
    /// <remarks>
    /// After an outage of the API server a watch pauses for up to 30 s, and for a minute where the server first answers 403.
    /// </remarks>
    public Task UntilWatchesAreCurrentAsync(IReadOnlySet<string> failingBefore) => Until.TrueAsync(
        () => failingBefore.IsSupersetOf(FailingWatches()), "the replicas watch everything again", TimeSpan.FromMinutes(2),
        () => string.Join('\n', FailingWatches()));

    public async ValueTask DisposeAsync()
    {
        foreach (var replica in _replicas.OfType<TestbedProcess>())
        {
            replica.Signal(Signals.Kill);
            await replica.DisposeAsync();
        }

        await Server.DisposeAsync();
    }

    private string Uid(string kind, string name) => Server.Kubectl("-n", Namespace, "get", kind, name, "-o", "jsonpath={.metadata.uid}");

    private static string StatusAddress(int replica) => $"127.0.0.1:{FirstPort + 100 + replica}";

    private IEnumerable<int> Running() =>
        Enumerable.Range(0, _replicas.Length).Where(replica => _replicas[replica] is { HasExited: false });

    // As kube-proxy does it: each new connection to the Service's port goes to one of the endpoints.
    private void RouteToRunning()
    {
        _testbed.Cluster.Run("iptables", "-w", "-t", "nat", "-F", "PREROUTING");
        var running = Running().ToList();
        for (var i = 0; i < running.Count; i++)
        {
            string[] share = i < running.Count - 1
                ? ["-m", "statistic", "--mode", "nth", "--every", $"{running.Count - i}", "--packet", "0"] : [];
            _testbed.Cluster.Run([
                "iptables", "-w", "-t", "nat", "-A", "PREROUTING", "-p", "tcp", "-d", MeshTestbed.DashboardAddress, "--dport",
                $"{MeshTestbed.DashboardPort}", .. share,
                "-j", "REDIRECT", "--to-ports", $"{FirstPort + running[i]}",
            ]);
        }
    }

    private void ApplyIstio()
    {
        IstioObjects.Apply(Server);
        var root = File.ReadAllText(Path.Combine(_testbed.Certificates, "root-cert.pem"));
        Server.Apply($$"""
            apiVersion: v1
            kind: Namespace
            metadata: { name: {{Namespace}}, labels: { istio-injection: enabled } }
            ---
            apiVersion: v1
            kind: ConfigMap
            metadata: { name: istio-ca-root-cert, namespace: {{Namespace}} }
            data:
              root-cert.pem: |
                {{root.TrimEnd().Replace("\n", "\n    ", StringComparison.Ordinal)}}
            ---
            apiVersion: v1
            kind: ServiceAccount
            metadata: { name: default, namespace: {{Namespace}} }
            ---
            apiVersion: v1
            kind: Secret
            metadata: { name: {{VmSecret}}, namespace: {{Namespace}} }
            ---
            apiVersion: networking.istio.io/v1beta1
            kind: WorkloadGroup
            metadata: { name: analytics-v0, namespace: {{Namespace}} }
            spec:
              metadata: { labels: { app: analytics, version: v0 } }
              template: { network: vm-network-1, serviceAccount: default, ports: { http: 8080, grpc: 8082 } }

            """);
        SetGateways(MeshTestbed.FirstGateway, MeshTestbed.SecondGateway);
        MakeToken();
    }

    // The rights for the pages, and an account that sees the machines of its namespace.
    private void ApplyViewer()
    {
        Server.Apply(File.ReadAllText(
            Path.Combine(KubeAssets.Repository, "deploy", "kubernetes", "components", "admin", "cluster-role.yaml")));
        Server.Kubectl("-n", Namespace, "create", "serviceaccount", Viewer);
        Server.Kubectl(
            "-n", Namespace, "create", "rolebinding", Viewer, "--clusterrole", "smm-dashboard-viewer", "--serviceaccount",
            $"{Namespace}:{Viewer}");
        File.WriteAllText(ViewerTokenFile, Server.Kubectl(ViewerTokenCommand.Split(' ')[1..]));
        File.SetUnixFileMode(ViewerTokenFile, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    // Its own rights, no more: those that an administrator applies.
    private void ApplyDashboard()
    {
        var source = Path.Combine(KubeAssets.Repository, "deploy", "kubernetes");
        var rendered = Shell.Run(KubeAssets.Program("kubectl"), "kustomize", Path.Combine(source, "overlays", "upstream"));
        // The group of the sample has another service account than this one, and old servers do not know all kinds.
        var documents = rendered.Replace("  - analytics\n", "  - default\n", StringComparison.Ordinal).Split("\n---\n")
            .Where(document => !document.Contains("\nkind: ValidatingAdmissionPolicy", StringComparison.Ordinal)
                && !document.Contains("\nkind: PodDisruptionBudget", StringComparison.Ordinal));
        Server.Apply(string.Join("\n---\n", documents));
        _kubeconfig = Server.WriteKubeconfig(
            Server.Kubectl("-n", "smm-dashboard", "create", "token", "smm-dashboard", "--duration", "4h").Trim());
        Server.Kubectl("wait", "--for=condition=Established", "crd/attachedmachines.smm-agent.io", "--timeout=30s");
    }
}
