using IstioStandIn;
using SmmAgent.Testbed;

namespace SmmAgent.VmTests;

/// <summary>
/// The stand-in on a VM: its state, its behaviour, and for tests without an agent the files that an agent would write.
/// </summary>
public sealed class StandInSidecar(MeshTestbed testbed, BootedVm vm)
{
    public const string Unit = "istio.service";

    /// <summary>The log of pilot-agent, which writes it to the standard output.</summary>
    public const string Log = "/var/log/istio/istio.log";

    /// <summary>The log of Envoy, and the exit of pilot-agent.</summary>
    public const string ErrorLog = "/var/log/istio/istio.err.log";

    private const string Token = "/var/run/secrets/tokens/istio-token";

    /// <summary>The status of its readiness; 0 without an answer.</summary>
    public int Readiness => int.Parse(
        vm.Try("curl", "-s", "-m", "5", "-o", "/dev/null", "-w", "%{http_code}", "http://127.0.0.1:15021/healthz/ready").Output,
        System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>One line for each start: time and version.</summary>
    public string[] Starts => ReadState("starts").Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>The last answer of istiod.</summary>
    public string Registration => ReadState("registration");

    /// <summary>The labels of each registration that it asked for.</summary>
    public string[] Labels => ReadState("labels").Split('\n', StringSplitOptions.RemoveEmptyEntries);

    public int Restarts => int.Parse(vm.Property(Unit, "NRestarts"), System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Changes the behaviour, now and after restarts; null for a healthy sidecar.</summary>
    public void SetBehaviour(string? word) =>
        vm.Run("sh", "-c", word is null ? $"rm -f {IstioSidecarPackage.State}/behave" : $"echo {word} >{IstioSidecarPackage.State}/behave");

    /// <summary>A file with its state; empty if it does not exist.</summary>
    public string ReadState(string name) => Read($"{IstioSidecarPackage.State}/{name}");

    public string Read(string path) => vm.Try("cat", path) is (0, var text) ? text : "";

    public Task UntilAsync(Func<bool> condition, string what, TimeSpan? patience = null) => Until.TrueAsync(
        condition, what, patience, () =>
            $"{vm.Try("systemctl", "status", "--no-pager", "-l", Unit).Output}\n{Read(Log)}\n{Read(ErrorLog)}\n{ReadState("tls.log")}");

    /// <summary>Waits until it is registered and ready.</summary>
    public Task UntilReadyAsync() => UntilAsync(() => Readiness == 200, "the sidecar is ready");

    /// <summary>Writes all files as an agent would.</summary>
    /// <param name="probe">The member readinessProbe of the mesh file; none is in it without.</param>
    public void WriteFiles(string root, string group = "analytics-v0", string serviceAccount = "default", string probe = "")
    {
        Write("/var/lib/istio/envoy/cluster.env", "root", "0644", $"""
            CA_ADDR='{MeshFile.IstiodName(testbed.Mesh.Revision)}:15012'
            ISTIO_INBOUND_PORTS='8080,8082'
            ISTIO_LOCAL_EXCLUDE_PORTS='22,15090,15021,15020,16400,16401'
            ISTIO_META_AUTO_REGISTER_GROUP='{group}'
            ISTIO_META_NETWORK='vm-network-1'
            ISTIO_NAMESPACE='vm-integration'
            ISTIO_SERVICE='analytics-v0.vm-integration'
            ISTIO_SERVICE_CIDR='*'
            ISTIO_SVC_IP='{MeshTestbed.VmAddress}'
            POD_NAMESPACE='vm-integration'
            SERVICE_ACCOUNT='{serviceAccount}'
            TRUST_DOMAIN='cluster.local'

            """);
        Write("/etc/istio/config/mesh", "root", "0644",
            $"defaultConfig:\n  discoveryAddress: {MeshFile.IstiodName(testbed.Mesh.Revision)}:15012\n{probe}");
        Write("/etc/certs/root-cert.pem", "istio-proxy", "0600", root);
        SetIstiodAddresses(MeshTestbed.FirstGateway, MeshTestbed.SecondGateway);
        FetchToken();
    }

    /// <summary>Changes one variable of cluster.env.</summary>
    public void Set(string name, string value) =>
        vm.Run("sh", "-c", $"sed -i '/^{name}=/d' /var/lib/istio/envoy/cluster.env && echo \"$1\" >>/var/lib/istio/envoy/cluster.env", "sh",
            $"{name}='{value}'");

    /// <summary>Replaces the addresses of the control plane in /etc/hosts.</summary>
    public void SetIstiodAddresses(params string[] addresses)
    {
        var lines = vm.Run("cat", "/etc/hosts").Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Where(line => !line.Contains("istiod", StringComparison.Ordinal))
            .Concat(addresses.Select(address => $"{address} {MeshFile.IstiodName(testbed.Mesh.Revision)}"));
        Write("/etc/hosts", "root", "0644", string.Join('\n', lines) + "\n");
    }

    /// <summary>Gets a token from the dashboard.</summary>
    public void FetchToken()
    {
        var answer = vm.Run(
            "curl", "-fsS", "--cacert", testbed.CopyToVm(testbed.DashboardAuthority!), "-H", $"Authorization: Bearer {testbed.Mesh.Token}",
            "-H",
            "Content-Type: application/json",
            "-d", """{"audience":"istio-ca"}""",
            $"{testbed.DashboardUrl}/v1/namespaces/vm-integration/workloadgroups/analytics-v0/tokens");
        WriteToken((string)System.Text.Json.Nodes.JsonNode.Parse(answer)!["token"]!);
    }

    public void WriteToken(string token)
    {
        vm.Run("install", "-d", "-o", "istio-proxy", "-g", "istio-proxy", "/var/run/secrets", "/var/run/secrets/tokens");
        Write(Token, "istio-proxy", "0600", token);
    }

    private void Write(string path, string owner, string mode, string text)
    {
        var file = Path.Combine(testbed.Folder, "certificate");
        File.WriteAllText(file, text);
        vm.Run("install", "-m", mode, "-o", owner, "-g", owner, "/mnt/certificate", path);
    }
}
