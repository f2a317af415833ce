using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using SmmAgent.Testbed;

namespace SmmAgent.VmTests;

/// <summary>A running sidecar follows the configuration of the mesh and the settings of the operator.</summary>
public sealed class SidecarFollowTests(SidecarVmFixture fixture) : IClassFixture<SidecarVmFixture>
{
    private const string ClusterEnvironment = "/etc/smm/sidecar/cluster.env";
    private const string RootCertificate = "/etc/certs/root-cert.pem";
    private const string OtherAddress = "198.18.0.101";

    // A change is observed immediately; the privileged reconcile waits 10 s between two requests.
    private static readonly TimeSpan Seconds = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task LiveReadFilesAreReconciledWithoutARestart()
    {
        await using var vm = await fixture.BootMemberAsync();
        var sidecar = new StandInSidecar(fixture.Testbed, vm);
        await vm.UntilConditionAsync("SidecarCurrent", "True Current");
        var (gateways, root, right) = (fixture.Testbed.Mesh.Gateways, fixture.Testbed.Mesh.RootCertificate, Right());
        vm.Run("sh", "-c",
            "sed '1i 192.0.2.1 first' /etc/hosts >/etc/hosts.new && mv /etc/hosts.new /etc/hosts && echo '192.0.2.2 last' >>/etc/hosts");
        // Some systems have a link there: its target is written, and the link is kept.
        vm.Run("sh", "-c", "mkdir /etc/static && mv /etc/hosts /etc/static/hosts && ln -s static/hosts /etc/hosts");
        var others = Others();
        try
        {
            fixture.Testbed.Mesh.Gateways = [
                (MeshTestbed.GatewayName, [MeshTestbed.ThirdGateway, MeshTestbed.SecondGateway, MeshTestbed.FirstGateway])];
            fixture.Testbed.Mesh.RootCertificate = root + NewRoot();
            fixture.Testbed.Mesh.Write();

            await vm.UntilAsync(() => Block() == All, "/etc/hosts follows", Seconds);
            await vm.UntilAsync(
                () => sidecar.Read(RootCertificate) == fixture.Testbed.Mesh.RootCertificate, "the sidecar has both roots", Seconds);
            await vm.UntilConditionAsync("SidecarCurrent", "True Current");
            Assert.Equal((others, right), (Others(), Right()));

            vm.Run("chown", "smm-agent:smm-agent", "/etc/smm/sidecar");
            await vm.UntilAsync(() => Right() == right, "the folder is root's again", Seconds);

            vm.Run("sed", "-i", "--follow-symlinks", "/BEGIN smm-agent/,/END smm-agent/d", "/etc/hosts");
            vm.Run("chmod", "0666", "/etc/istio/config/mesh");
            vm.Run("chown", "root", RootCertificate, "/run/secrets/tokens/istio-token");
            vm.Run("sh", "-c", $"echo ISTIO_NAMESPACE=other >>{ClusterEnvironment}");
            await vm.UntilAsync(
                () => Right() == right && Block() == All && !sidecar.Read(ClusterEnvironment).Contains("=other", StringComparison.Ordinal),
                "all is right again", Seconds);
            Assert.Equal(others, Others());
            Assert.Equal("static/hosts", vm.Run("readlink", "/etc/hosts").TrimEnd());
            Assert.Single(sidecar.Starts);
        }
        finally
        {
            (fixture.Testbed.Mesh.Gateways, fixture.Testbed.Mesh.RootCertificate) = (gateways, root);
            fixture.Testbed.Mesh.Write();
        }

        string Block() => vm.Run("sed", "-n", "/BEGIN smm-agent/,/END smm-agent/{/smm-agent/!p}", "/etc/hosts");

        string Others() => string.Join('\n', vm.Run("cat", "/etc/hosts").Split('\n')
            .Where(line => !line.Contains("smm-agent", StringComparison.Ordinal) && !line.Contains("istiod", StringComparison.Ordinal)));

        string Right() => vm.Run(
            "stat", "-L", "-c", "%n %U %G %a", "/etc/smm/sidecar", ClusterEnvironment, "/etc/istio/config/mesh", RootCertificate,
            "/run/secrets/tokens/istio-token");
    }

    [Fact]
    public async Task RequiredRestartIsReportedAndLeftToTheOperatorByDefault()
    {
        await using var vm = await fixture.BootMemberAsync();
        var sidecar = new StandInSidecar(fixture.Testbed, vm);
        var ports = fixture.Testbed.Mesh.Ports;
        fixture.Testbed.Vm.Run("ip", "address", "add", $"{OtherAddress}/24", "dev", "eth0");
        try
        {
            fixture.Testbed.Mesh.Ports = [.. ports, ("admin", 8099)];
            fixture.Testbed.Mesh.Write();
            vm.Run("smm-agent", "set", "node-ip", OtherAddress);
            await UntilWrittenAsync("ISTIO_INBOUND_PORTS='8080,8082,8099'");
            await vm.UntilAsync(() => vm.Rules().Contains("--dport 8099 ", StringComparison.Ordinal), "the firewall follows");
            await UntilWrittenAsync($"ISTIO_SVC_IP='{OtherAddress}'");
            await vm.UntilConditionAsync("SidecarCurrent", "False RestartNeeded: ");
            Assert.EndsWith("; sudo systemctl restart istio", vm.ConditionText("SidecarCurrent"), StringComparison.Ordinal);
            Assert.Single(sidecar.Starts);

            vm.Run("systemctl", "stop", "istio");
            await sidecar.UntilAsync(() => sidecar.Registration.Contains(
                $"analytics-v0-{OtherAddress}-vm-network-1", StringComparison.Ordinal), "it is started and registers anew");
            await vm.UntilConditionAsync("SidecarCurrent", "True Current");
            await vm.UntilConditionAsync("Registered", $"True Registered: workloadentry analytics-v0-{OtherAddress}-vm-network-1 ");
            Assert.Equal(2, sidecar.Starts.Length);

            var next = MeshFile.IstiodName(MeshFile.NextRevision);
            fixture.Testbed.Mesh.Revision = MeshFile.NextRevision;
            fixture.Testbed.Mesh.Write();
            await UntilWrittenAsync($"CA_ADDR='{next}:15012'");
            await vm.UntilConditionAsync("SidecarCurrent", "False RestartNeeded: ");
            Assert.Contains($"discoveryAddress: {next}:15012\n", vm.Run("cat", "/etc/istio/config/mesh"), StringComparison.Ordinal);
            Assert.Contains($"\"istio.io/rev\":\"{MeshFile.RevisionLabelFor(MeshFile.NextRevision)}\"", sidecar.Read(ClusterEnvironment),
                StringComparison.Ordinal);
            Assert.Contains($"{MeshTestbed.FirstGateway} {next}\n", vm.Run("cat", "/etc/hosts"), StringComparison.Ordinal);
            Assert.DoesNotContain(Istiod, vm.Run("cat", "/etc/hosts"), StringComparison.Ordinal);
            Assert.Equal(2, sidecar.Starts.Length);

            // The daemon also uses the new name, so that it agrees with the file that the privileged reconcile writes.
            vm.Run("hostname", "renamed-vm");
            await vm.UntilAsync(
                () => sidecar.Read(ClusterEnvironment).Contains("\"hostname\":\"renamed-vm\"", StringComparison.Ordinal),
                "the sidecar's label follows the host name", 3 * Seconds);
            await vm.UntilConditionAsync("SidecarCurrent", "False RestartNeeded: ");
            await vm.UntilAsync(() => vm.Try("test", "-e", "/run/smm-agent/reconcile-request").ExitCode != 0,
                "no reconcile is asked for any more", 3 * Seconds);
            Assert.Equal(2, sidecar.Starts.Length);

            vm.Run("sed", "-i", "$ a sidecar: {restartPolicy: automatic}", "/etc/smm/agent.yaml");
            await sidecar.UntilAsync(
                () => sidecar.ReadState("environment").Contains($"CA_ADDR={next}:15012", StringComparison.Ordinal),
                "the agent restarts it");
            await vm.UntilConditionAsync("SidecarCurrent", "True Current");
            await sidecar.UntilReadyAsync();
            Assert.Equal(3, sidecar.Starts.Length);
        }
        finally
        {
            (fixture.Testbed.Mesh.Ports, fixture.Testbed.Mesh.Revision) = (ports, MeshFile.UsualRevision);
            fixture.Testbed.Mesh.Write();
            fixture.Testbed.Vm.Run("ip", "address", "delete", $"{OtherAddress}/24", "dev", "eth0");
        }

        Task UntilWrittenAsync(string line) =>
            vm.UntilAsync(
                () => sidecar.Read(ClusterEnvironment).Contains($"{line}\n", StringComparison.Ordinal), $"cluster.env has {line}", Seconds);
    }

    private static string Istiod => MeshFile.IstiodName(MeshFile.UsualRevision);

    private static string All => string.Concat(((string[])[MeshTestbed.FirstGateway, MeshTestbed.SecondGateway, MeshTestbed.ThirdGateway])
        .Select(address => $"{address} {Istiod}\n"));

    private static string NewRoot()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=next root", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var root = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(60));
        return root.ExportCertificatePem() + "\n";
    }
}
