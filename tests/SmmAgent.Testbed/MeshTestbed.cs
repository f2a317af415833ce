using System.Text.Json;
using SmmAgent.Testbed.Kube;
using SmmAgent.Contract;

namespace SmmAgent.Testbed;

/// <summary>
/// A cluster and a VM: two network namespaces joined by one cable, with the real dashboard, two stand-in meshexpansion gateways and an
/// address echo in the cluster, and a VM whose firewall drops by default. Addresses come from 198.18.0.0/15, the block for benchmarks.
/// </summary>
public sealed class MeshTestbed : IAsyncDisposable
{
    public const string DashboardAddress = "198.18.0.1";
    public const string FirstGateway = "198.18.0.11";
    public const string SecondGateway = "198.18.0.12";
    public const string ThirdGateway = "198.18.0.13";
    public const string VmAddress = "198.18.0.100";
    public const string VmAddressIPv6 = "fd00:198:18::100";
    public const string ClusterAddressIPv6 = "fd00:198:18::1";
    public const string GatewayName = "istio-meshexpansion-cp-v115x";

    internal const int DashboardPort = 8443;
    private const int RegistrationPort = 15112;
    private const int EchoPort = 8088;

    private static readonly TimeSpan OneDay = TimeSpan.FromDays(1);

    private bool _isShown;
    private readonly Dictionary<string, TestbedProcess> _gateways = [];
    private readonly List<TestbedProcess> _workloads = [];

    private DashboardCertificate? _certificate;

    private readonly string? _packages;
    private readonly bool _registers;

    private MeshTestbed(string folder, bool https, string? packages, bool registers)
    {
        (Folder, _packages, _registers) = (folder, packages, registers);
        _certificate = https ? new DashboardCertificate(folder, DashboardAddress, -OneDay, 29 * OneDay) : null;
        var suffix = Convert.ToHexStringLower(Guid.NewGuid().ToByteArray().AsSpan(0, 4));
        Cluster = new NetworkNamespace($"smm-cluster-{suffix}");
        Vm = new NetworkNamespace($"smm-vm-{suffix}");
        Shell.Run("ip", "link", "add", $"c{suffix}", "netns", Cluster.Name, "type", "veth", "peer", "name", "eth0", "netns", Vm.Name);
        Cluster.Run("ip", "link", "set", $"c{suffix}", "name", "eth0");
        foreach (var address in (string[])[DashboardAddress, FirstGateway, SecondGateway, ThirdGateway])
            Cluster.Run("ip", "address", "add", $"{address}/24", "dev", "eth0");
        Vm.Run("ip", "address", "add", $"{VmAddress}/24", "dev", "eth0");
        Cluster.Run("ip", "address", "add", $"{ClusterAddressIPv6}/64", "dev", "eth0", "nodad");
        Vm.Run("ip", "address", "add", $"{VmAddressIPv6}/64", "dev", "eth0", "nodad");
        Cluster.Run("ip", "link", "set", "eth0", "up");
        Vm.Run("ip", "link", "set", "eth0", "up");
    }

    /// <summary>The folder with all files of the testbed; the VM's root is <c>vm</c> below it.</summary>
    public string Folder { get; }

    public NetworkNamespace Cluster { get; }

    public NetworkNamespace Vm { get; }

    public MeshFile Mesh { get; private set; } = null!;

    public TestbedProcess? Dashboard { get; private set; }

    /// <summary>The API server and the replicas; null with the embedded dashboard.</summary>
    public KubernetesCluster? Kubernetes { get; private set; }

    /// <summary>The URL of the pages of the dashboard, in the namespace of the cluster.</summary>
    public const string AdminUrl = "http://127.0.0.1:8090";

    public string DashboardUrl => $"{(_certificate is null ? "http" : "https")}://{DashboardAddress}:{DashboardPort}";

    /// <summary>The authority of the dashboard's certificate; null when the dashboard speaks plain http.</summary>
    public string? DashboardAuthority => _certificate?.AuthorityFile;

    public static string EchoUrl => $"http://{DashboardAddress}:{EchoPort}/ip";

    /// <summary>Makes the testbed and starts all of the cluster.</summary>
    /// <param name="packages">The folder of packages that the dashboard serves; null for none.</param>
    /// <param name="registers">
    /// Whether the dashboard's registration is behind 15012 of the gateways. That port is then only as available as the dashboard is.
    /// </param>
    /// <param name="kubernetes">Whether the dashboard reads a real API server instead of <see cref="Mesh"/>; over https.</param>
    /// <param name="isShown">
    /// Whether the dashboard shows its machines on <see cref="AdminUrl"/>, or each replica on <see cref="KubernetesCluster.AdminUrl"/>.
    /// </param>
    public static async Task<MeshTestbed> StartAsync(
        bool https = false, string? packages = null, bool registers = false, bool kubernetes = false, bool isShown = false)
    {
        var testbed = new MeshTestbed(Directory.CreateTempSubdirectory("smm-testbed-").FullName, https || kubernetes, packages, registers)
        {
            _isShown = isShown,
        };
        try
        {
            await testbed.StartGatewayAsync(FirstGateway, echo: true);
            testbed.Mesh = new MeshFile(
                Path.Combine(testbed.Folder, "mesh.yaml"), File.ReadAllText(Path.Combine(testbed.Certificates, "root-cert.pem")))
            {
                PublicUrl = testbed.DashboardUrl,
                Gateways = [(GatewayName, [FirstGateway, SecondGateway])],
            };
            testbed.Mesh.Write();
            await testbed.StartGatewayAsync(SecondGateway);
            if (kubernetes)
            {
                testbed.Kubernetes = await KubernetesCluster.StartAsync(testbed, testbed._certificate!, isShown);
                testbed.Mesh.Token = testbed.Kubernetes.Token;
            }
            else
            {
                await testbed.StartDashboardAsync();
            }

            // The kernel reports the link up to a second late. The agent would take that for a change of the host.
            await Until.TrueAsync(() => testbed.Vm.Run("ip", "-brief", "link", "show", "eth0").Contains(" UP ", StringComparison.Ordinal),
                "the cable is plugged in");
            return testbed;
        }
        catch
        {
            await testbed.DisposeAsync();
            throw;
        }
    }

    /// <summary>Makes the firewall of the VM drop by default, as an operator would do.</summary>
    public void DropByDefault()
    {
        foreach (var iptables in (string[])["iptables", "ip6tables"])
        {
            Allow(iptables, "-i", "lo");
            Allow(iptables, "-m", "conntrack", "--ctstate", "ESTABLISHED,RELATED");
            Vm.Run(iptables, "-w", "-P", "INPUT", "DROP");
        }

        Allow("ip6tables", "-p", "icmpv6");
    }

    /// <summary>Copies a file into the testbed's folder, which a booted VM has at /mnt.</summary>
    /// <returns>Its path on the VM.</returns>
    public string CopyToVm(string file)
    {
        var copy = Path.Combine(Folder, Path.GetFileName(file));
        if (copy != file)
            File.Copy(file, copy, overwrite: true);
        return $"/mnt/{Path.GetFileName(file)}";
    }

    /// <summary>Listens on a port of the VM, as the workload would.</summary>
    public async Task StartWorkloadAsync(int port)
    {
        var workload = new TestbedProcess(Vm.Inside("socat", $"TCP6-LISTEN:{port},ipv6only=0,reuseaddr,fork", "/dev/null"));
        _workloads.Add(workload);
        await Until.TrueAsync(() => Reaches(Vm, "127.0.0.1", port), $"the workload listens on {port}", lastSeen: () => workload.Output);
    }

    /// <summary>Starts a gateway and waits until it is ready.</summary>
    public async Task StartGatewayAsync(string address, bool echo = false)
    {
        List<string> command =
        [
            .. Programs.StandIn, "--address", address, "--certificates", Certificates,
            "--san", MeshFile.IstiodName(MeshFile.UsualRevision), MeshFile.IstiodName(MeshFile.NextRevision), "istiod.istio-system.svc",
            .. _registers ? (string[])["--forward-15012", $"{DashboardAddress}:{RegistrationPort}"] : [],
        ];
        if (echo)
            command.AddRange(["--address", DashboardAddress, "--echo", $"{EchoPort}"]);
        var gateway = new TestbedProcess(Cluster.Inside([.. command]));
        _gateways[address] = gateway;
        await gateway.UntilPrintedAsync("mesh-stand-in: ready");
    }

    /// <summary>Starts a name server that knows no name.</summary>
    public static async Task<TestbedProcess> StartNameServerAsync(NetworkNamespace network, string address)
    {
        var server = new TestbedProcess(network.Inside([.. Programs.StandIn, "--dns", $"{address}:53"]));
        await server.UntilPrintedAsync("mesh-stand-in: ready");
        return server;
    }

    public async Task StopGatewayAsync(string address)
    {
        if (_gateways.Remove(address, out var gateway))
            await gateway.DisposeAsync();
    }

    public async Task StartDashboardAsync()
    {
        Dashboard = new TestbedProcess(Cluster.Inside(
        [
            .. Programs.Dashboard, "--mesh", Path.Combine(Folder, "mesh.yaml"), "--listen", DashboardUrl,
            "--data", Path.Combine(Folder, "dashboard"),
            "--registration", $"{DashboardAddress}:{RegistrationPort}",
            "--registration-certificate", Path.Combine(Certificates, "istiod-cert.pem"),
            "--registration-key", Path.Combine(Certificates, "istiod-key.pem"),
            "--registration-ca-certificate", Path.Combine(Certificates, "root-cert.pem"),
            "--registration-ca-key", Path.Combine(Certificates, "root-key.pem"),
            .. _certificate is { } tls ? (string[])["--certificate", tls.CertificateFile, "--key", tls.KeyFile] : [],
            .. _packages is null ? [] : (string[])["--packages", _packages],
            .. _isShown ? (string[])["--admin", new Uri(AdminUrl).Authority] : [],
        ]));
        await Until.TrueAsync(
            () => Dashboard.HasExited
                ? throw new InvalidOperationException(Dashboard.Output) : ClusterReaches(DashboardAddress, DashboardPort),
            "the dashboard is up",
            lastSeen: () => Dashboard.Output);
    }

    /// <summary>Starts the dashboard again, over https, with a certificate of another validity (counted from now).</summary>
    public async Task RestartDashboardAsync(TimeSpan from, TimeSpan to)
    {
        await StopDashboardAsync();
        _certificate = new DashboardCertificate(Folder, DashboardAddress, from, to);
        await StartDashboardAsync();
    }

    /// <summary>Waits until the dashboard, which watches the folder, offers the packages of <see cref="Mesh"/>.</summary>
    public Task UntilOffersAsync()
    {
        var url = $"{DashboardUrl}{DashboardApi.GroupPath("vm-integration", "analytics-v0")}/mesh-config";
        return Until.TrueAsync(
            () => Offered(Cluster.Run("curl", "-sk", "-H", $"Authorization: Bearer {Mesh.Token}", url))
                .SequenceEqual(Mesh.Packages.Select(package => (package.Version, package.Architecture, package.Sha256))),
            "the dashboard offers the packages");
    }

    public async Task StopDashboardAsync()
    {
        if (Dashboard is { } dashboard)
            await dashboard.DisposeAsync();
        Dashboard = null;
    }

    /// <summary>The stored report of the agent that reported last; empty before the first report.</summary>
    public string LastReport()
    {
        var agents = new DirectoryInfo(Path.Combine(Folder, "dashboard", "agents"));
        var last = agents.Exists ? agents.EnumerateFiles("*.json", SearchOption.AllDirectories).MaxBy(file => file.LastWriteTimeUtc) : null;
        return last is null ? "" : File.ReadAllText(last.FullName);
    }

    /// <summary>The stored report of each agent, by its uuid.</summary>
    public IReadOnlyDictionary<Guid, string> Reports()
    {
        var agents = new DirectoryInfo(Path.Combine(Folder, "dashboard", "agents"));
        return agents.EnumerateFiles("*.json", SearchOption.AllDirectories)
            .ToDictionary(file => Guid.Parse(Path.GetFileNameWithoutExtension(file.Name)), file => File.ReadAllText(file.FullName));
    }

    /// <summary>Whether a TCP connection from the cluster to an address succeeds within a second.</summary>
    public bool ClusterReaches(string address, int port) => Reaches(Cluster, address, port);

    public static bool Reaches(NetworkNamespace from, string address, int port) =>
        from.Try("timeout", "1", "bash", "-c", $"exec 3<>/dev/tcp/{address}/{port}").ExitCode == 0;

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _gateways.Values.Concat(_workloads))
            await process.DisposeAsync();
        await StopDashboardAsync();
        if (Kubernetes is not null)
            await Kubernetes.DisposeAsync();
        Vm.Dispose();
        Cluster.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    private void Allow(string iptables, params string[] match)
    {
        if (Vm.Try([iptables, "-w", "-C", "INPUT", .. match, "-j", "ACCEPT"]).ExitCode != 0)
            Vm.Run([iptables, "-w", "-A", "INPUT", .. match, "-j", "ACCEPT"]);
    }

    internal string Certificates => Directory.CreateDirectory(Path.Combine(Folder, "certificates")).FullName;

    private static IEnumerable<(string Version, string Architecture, string Sha256)> Offered(string body) =>
        JsonSerializer.Deserialize(body, ContractJson.Default.MeshConfig)!.Packages.Select(
            package => (package.Version, package.Architecture, package.Sha256 ?? ""));
}
