using IstioStandIn;
using SmmAgent.Testbed;

namespace SmmAgent.VmTests;

/// <summary>
/// The stand-in behaves under systemd as Istio's sidecar does; other tests rely on that. These tests have no agent, and write its
/// files.
/// </summary>
public sealed class StandInTests(SidecarVmFixture fixture) : IClassFixture<SidecarVmFixture>
{
    private static readonly TimeSpan TwoRestarts = TimeSpan.FromSeconds(60);

    public static TheoryData<string> All { get; } = [.. Distribution.Debians.Select(row => row.Data), Distribution.Rpm];

    [Theory, MemberData(nameof(All))]
    public async Task StandInRegistersCapturesAndRestartsUntilItIsStopped(string distribution)
    {
        await using var vm = await fixture.BootOpenAsync(distribution);
        var sidecar = Install(vm, distribution);
        Assert.False(vm.IsEnabled(StandInSidecar.Unit));
        sidecar.WriteFiles(fixture.Testbed.Mesh.RootCertificate);
        await using var workload = Serve(8080);
        await using var shell = Serve(22);
        await sidecar.UntilAsync(() => (Ask(8080), Ask(22)) == (MeshTestbed.DashboardAddress, MeshTestbed.DashboardAddress),
            "the workload and the shell are reached");

        vm.Run("systemctl", "start", "istio");
        await sidecar.UntilReadyAsync();

        Assert.Equal("{\"registered\":true,\"workloadEntry\":\"analytics-v0-198.18.0.100-vm-network-1\"}\n", sidecar.Registration);
        Assert.Contains($"connected to upstream XDS server: {MeshFile.IstiodName(MeshFile.UsualRevision)}:15012",
            sidecar.Read(StandInSidecar.Log), StringComparison.Ordinal);
        Assert.Equal(
            "cert-chain.pem 600 istio-proxy\nkey.pem 600 istio-proxy\nroot-cert.pem 600 istio-proxy\n",
            vm.Run("sh", "-c", "cd /etc/certs && stat -c '%n %a %U' *"));
        Assert.Contains(
            "URI:spiffe://cluster.local/ns/vm-integration/sa/default", Certificate("-ext subjectAltName"), StringComparison.Ordinal);
        Assert.Equal("/etc/certs/cert-chain.pem: OK\n",
            vm.Run("openssl", "verify", "-CAfile", "/etc/certs/root-cert.pem", "/etc/certs/cert-chain.pem"));
        Assert.Equal(Certificate("-pubkey"), vm.Run("openssl", "pkey", "-pubout", "-in", "/etc/certs/key.pem"));
        Assert.Equal("socket\n", vm.Run("ls", "/var/run/secrets/workload-spiffe-uds"));
        Assert.Contains("-A ISTIO_INBOUND -p tcp -m tcp --dport 8080 -j ISTIO_IN_REDIRECT", vm.Rules(), StringComparison.Ordinal);
        // Connections through the sidecar come from this address.
        Assert.Equal(("127.0.0.6", MeshTestbed.DashboardAddress), (Ask(8080), Ask(22)));
        Assert.Single(sidecar.Starts);

        sidecar.SetBehaviour("crash");
        await sidecar.UntilAsync(() => sidecar.Restarts >= 2, "it was started again, twice", TwoRestarts);
        Assert.Equal("crashing on purpose\n", sidecar.Read(StandInSidecar.ErrorLog));
        sidecar.SetBehaviour(null);
        await sidecar.UntilReadyAsync();
        Assert.Equal("127.0.0.6", Ask(8080));
        var starts = sidecar.Starts;
        Assert.InRange(starts.Length, 3, 5);
        Assert.All(starts, line => Assert.EndsWith($"Z {SidecarPackages.Version}", line, StringComparison.Ordinal));

        vm.Run("systemctl", "stop", "istio");

        Assert.Equal("inactive", vm.Property(StandInSidecar.Unit, "ActiveState"));
        Assert.DoesNotContain("ISTIO", vm.Rules(), StringComparison.Ordinal);
        Assert.Equal((MeshTestbed.DashboardAddress, MeshTestbed.DashboardAddress), (Ask(8080), Ask(22)));
        Assert.Equal("", vm.Run("find", "/proc", "-maxdepth", "1", "-user", "istio-proxy"));

        string Certificate(string option) => vm.Run("sh", "-c", $"openssl x509 -noout {option} -in /etc/certs/cert-chain.pem");
    }

    // Its log is compared with the recorded log of the real pilot-agent for the same cause.
    [Fact]
    public async Task StandInLogsTheMessagesOfIstio()
    {
        await using var vm = await fixture.BootOpenAsync(Distribution.Usual);
        var sidecar = Install(vm, Distribution.Usual);
        var root = fixture.Testbed.Mesh.RootCertificate;
        await IsAsRecordedAsync("all-well", () => { });
        await IsAsRecordedAsync("no-such-name", () => sidecar.SetIstiodAddresses());
        await IsAsRecordedAsync("gateway-refuses", () => sidecar.SetIstiodAddresses(MeshTestbed.ThirdGateway));
        Assert.Contains(
            $"closed: 14, connection error: desc = \"transport: Error while dialing: dial tcp {MeshTestbed.ThirdGateway}:15012: connect: "
            + $"connection refused\"",
            sidecar.Read(StandInSidecar.ErrorLog), StringComparison.Ordinal);
        Assert.Equal(503, sidecar.Readiness);
        Assert.Contains(
            "Envoy proxy is NOT ready: config not received from XDS server", sidecar.Read(StandInSidecar.Log), StringComparison.Ordinal);
        await using (new TestbedProcess(
            fixture.Testbed.Cluster.Inside("socat", $"TCP-LISTEN:15012,bind={MeshTestbed.ThirdGateway},fork,reuseaddr", "EXEC:true")))
            await IsAsRecordedAsync("gateway-hangs-up", () => sidecar.SetIstiodAddresses(MeshTestbed.ThirdGateway));
        await IsAsRecordedAsync("wrong-root-certificate", () => sidecar.WriteFiles(File.ReadAllText(fixture.Testbed.DashboardAuthority!)));
        await IsAsRecordedAsync("certificate-for-other-name", () =>
        {
            vm.Run("sh", "-c", $"echo '{MeshTestbed.FirstGateway} other.istio-system.svc' >>/etc/hosts");
            sidecar.Set("CA_ADDR", "other.istio-system.svc:15012");
        });
        await IsAsRecordedAsync("no-token", () => vm.Run("rm", "/var/run/secrets/tokens/istio-token"));
        await IsAsRecordedAsync("token-unreadable", () => vm.Run("chown", "root", "/var/run/secrets/tokens/istio-token"));
        await IsAsRecordedAsync("token-rubbish", () => sidecar.WriteToken("none"));
        await IsAsRecordedAsync("other-cluster-id", () => sidecar.Set("ISTIO_META_CLUSTER_ID", "another"));
        // An expired token, one of an account that is gone, one of another audience and one of another namespace.
        var good = DateTimeOffset.UtcNow + SidecarToken.Life;
        await IsAsRecordedAsync(
            "token-expired", () => sidecar.WriteToken(SidecarToken.Create(fixture.Testbed, DateTimeOffset.UtcNow.AddMinutes(-1))));
        await IsAsRecordedAsync("token-of-a-deleted-account", () => sidecar.WriteToken(SidecarToken.CreateUntrusted(good)));
        await IsAsRecordedAsync(
            "token-of-other-audience", () => sidecar.WriteToken(SidecarToken.Create(fixture.Testbed, good, audience: "api")));
        await IsAsRecordedAsync(
            "token-of-other-namespace", () => sidecar.WriteToken(SidecarToken.Create(fixture.Testbed, good, "ns2:default")));
        await IsAsRecordedAsync("other-trust-domain", () => sidecar.Set("TRUST_DOMAIN", "other.domain"));
        await IsAsRecordedAsync("token-of-other-account", () => sidecar.Set("SERVICE_ACCOUNT", "other"));
        await IsAsRecordedAsync("group-missing", () => sidecar.Set("ISTIO_META_AUTO_REGISTER_GROUP", "other"));
        await IsAsRecordedAsync("mesh-file-broken", () => vm.Run("sh", "-c", "printf 'defaultConfig:\\n  - [\\n' >/etc/istio/config/mesh"));
        await IsAsRecordedAsync("mesh-file-unknown-member", () => vm.Run("sh", "-c", "echo '  noSuchMember: 1' >>/etc/istio/config/mesh"));
        string[] silent = ["INPUT", "-d", MeshTestbed.ThirdGateway, "-p", "tcp", "--dport", "15012", "-j", "DROP"];
        fixture.Testbed.Cluster.Run(["iptables", "-w", "-I", .. silent]);
        try
        {
            await IsAsRecordedAsync("gateway-silent", () => sidecar.SetIstiodAddresses(MeshTestbed.ThirdGateway));
        }
        finally
        {
            fixture.Testbed.Cluster.Run(["iptables", "-w", "-D", .. silent]);
        }

        // A failure of the capture itself is in the journal.
        var since = vm.Run("date", "+%s").Trim();
        await IsAsRecordedAsync(
            "capture-fails", () => sidecar.Set("ISTIO_OUTBOUND_OWNER_GROUPS_EXCLUDE", "no-such-group"), () =>
                vm.Run("journalctl", "-o", "cat", "--no-pager", "-u", "istio", "--since", $"@{since}"));

        await using (new TestbedProcess(fixture.Testbed.Vm.Inside("socat", "TCP-LISTEN:15020,fork,reuseaddr", "/dev/null")))
        {
            await UntilListensAsync(15020);
            await IsAsRecordedAsync("port-15020-taken", () => { });
        }

        await using (new TestbedProcess(fixture.Testbed.Vm.Inside("socat", "-u", "UDP-RECV:15053,bind=127.0.0.1", "/dev/null")))
        {
            await UntilListensAsync(15053);
            await IsAsRecordedAsync("port-15053-taken", () => sidecar.Set("ISTIO_META_DNS_CAPTURE", "true"));
        }

        // The first connection creates the entry, which istiod does not accept: the next connection finds it there.
        sidecar.Set("ISTIO_SVC_IP", "198.18.0.99");
        sidecar.Set("ISTIO_METAJSON_LABELS", "{\"istio.io/rev\":\"cp-v115x\"}");
        vm.Run("systemctl", "restart", "istio");
        await sidecar.UntilReadyAsync();
        await IsAsRecordedAsync("entry-of-other-revision", () =>
        {
            sidecar.Set("ISTIO_SVC_IP", "198.18.0.99");
            sidecar.Set("ISTIO_METAJSON_LABELS", "{\"istio.io/rev\":\"cp-v115x\"}");
        });

        async Task IsAsRecordedAsync(string cause, Action arrange, Func<string>? log = null)
        {
            vm.Run("systemctl", "stop", "istio");
            vm.Run("rm", "-f", "/etc/certs/cert-chain.pem", "/etc/certs/key.pem", StandInSidecar.Log, StandInSidecar.ErrorLog);
            sidecar.WriteFiles(root);
            arrange();
            vm.Run("systemctl", "start", "istio");
            var recorded = IstioRecords.Log(cause);
            await sidecar.UntilAsync(() => recorded.All(Logged(log).Contains), $"it logs what is recorded for {cause}");
            Assert.Equal(recorded, Logged(log));
        }

        Task UntilListensAsync(int port) => sidecar.UntilAsync(
            () => fixture.Testbed.Vm.Run("ss", "-Hlntu").Contains($":{port} ", StringComparison.Ordinal), $"{port} is taken");

        IReadOnlyList<string> Logged(Func<string>? log) => IstioRecords.Lines(log is null ? sidecar.Read(StandInSidecar.Log) : log());
    }

    [Fact]
    public async Task StandInPresentsItsCertificateInsteadOfTheTokenUntilItIsRemoved()
    {
        const string Refused =
            "7, authorization failed: no identities ([spiffe://cluster.local/ns/vm-integration/sa/default]) matched "
            + "vm-integration/analytics";
        await using var vm = await fixture.BootOpenAsync(Distribution.Usual);
        var sidecar = Install(vm, Distribution.Usual);
        sidecar.WriteFiles(fixture.Testbed.Mesh.RootCertificate);
        vm.Run("systemctl", "start", "istio");
        await sidecar.UntilReadyAsync();
        vm.Run("rm", "/var/run/secrets/tokens/istio-token");
        vm.Run("systemctl", "restart", "istio");
        await sidecar.UntilReadyAsync();
        try
        {
            fixture.Testbed.Mesh.ServiceAccount = "analytics";
            fixture.Testbed.Mesh.Write();
            await sidecar.UntilAsync(() => GetsATokenOf("analytics"), "the dashboard has the other account");
            sidecar.WriteFiles(fixture.Testbed.Mesh.RootCertificate, serviceAccount: "analytics");
            vm.Run("systemctl", "restart", "istio");
            await sidecar.UntilAsync(
                () => sidecar.Read(StandInSidecar.ErrorLog).Split(Refused).Length > 2, "its certificate is refused, again and again");

            vm.Run("rm", "/etc/certs/cert-chain.pem", "/etc/certs/key.pem");
            vm.Run("systemctl", "restart", "istio");
            await sidecar.UntilReadyAsync();
        }
        finally
        {
            fixture.Testbed.Mesh.ServiceAccount = "default";
            fixture.Testbed.Mesh.Write();
        }

        bool GetsATokenOf(string account)
        {
            sidecar.FetchToken();
            return vm.Run("sh", "-c", "cut -d. -f2 /var/run/secrets/tokens/istio-token | tr '_-' '/+' | base64 -d 2>/dev/null || :")
                .Contains($"vm-integration:{account}\"", StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task StandInStaysReadyAndRegistersAgainWhenTheDashboardIsBack()
    {
        await using var vm = await fixture.BootOpenAsync(Distribution.Usual);
        var sidecar = Install(vm, Distribution.Usual);
        sidecar.WriteFiles(fixture.Testbed.Mesh.RootCertificate);
        vm.Run("systemctl", "start", "istio");
        await sidecar.UntilReadyAsync();
        sidecar.SetBehaviour("unready");
        await sidecar.UntilAsync(() => sidecar.Readiness == 503, "it reports that it is not ready");
        sidecar.SetBehaviour(null);
        await sidecar.UntilReadyAsync();

        await fixture.Testbed.StopDashboardAsync();
        await sidecar.UntilAsync(
            () => sidecar.Read(StandInSidecar.ErrorLog).Contains("closed: 14", StringComparison.Ordinal), "the connection has ended");
        Assert.Equal(200, sidecar.Readiness);
        await fixture.Testbed.StartDashboardAsync();

        await sidecar.UntilAsync(
            () => sidecar.Read(StandInSidecar.Log).Split("connected to upstream XDS server").Length == 3, "it is connected again");
    }

    [Fact]
    public async Task StandInReportsTheHealthThatTheProbeFinds()
    {
        await using var vm = await fixture.BootOpenAsync(Distribution.Usual);
        var sidecar = Install(vm, Distribution.Usual);
        sidecar.WriteFiles(fixture.Testbed.Mesh.RootCertificate, probe: "  readinessProbe:\n    tcpSocket:\n      port: 8099\n");
        vm.Run("systemctl", "start", "istio");
        await sidecar.UntilAsync(() => sidecar.ReadState("health") == "false\n", "it is unhealthy");

        await using var workload = Serve(8099);

        await sidecar.UntilAsync(() => sidecar.ReadState("health") == "true\n", "it is healthy");
    }

    // As on most real VMs: PAM reports the session of su to logind, which moves the processes to a separate scope.
    [Fact]
    public async Task StandInProcessesOutsideItsControlGroupEndWithTheUnit()
    {
        await using var vm = await fixture.BootOpenAsync(Distribution.Usual);
        vm.Install("libpam-systemd");
        vm.Run("systemctl", "start", "systemd-logind");
        var sidecar = Install(vm, Distribution.Usual);
        sidecar.WriteFiles(fixture.Testbed.Mesh.RootCertificate);
        vm.Run("systemctl", "start", "istio");
        await sidecar.UntilReadyAsync();

        Assert.Contains("/usr/local/bin/envoy", vm.Run("systemd-cgls", "--no-pager", "-l", "-u", "user.slice"), StringComparison.Ordinal);
        vm.Run("systemctl", "stop", "istio");

        Assert.DoesNotContain("/usr/local/bin/envoy", vm.Run("systemd-cgls", "--no-pager", "-l"), StringComparison.Ordinal);
        Assert.Equal("inactive", vm.Property(StandInSidecar.Unit, "ActiveState"));
    }

    [Theory, MemberData(nameof(All))]
    public async Task StandInPackageFailsItsUpgradeOnPurpose(string distribution)
    {
        await using var vm = await fixture.BootOpenAsync(distribution);
        Install(vm, distribution);
        var failing = IstioStandIn.IstioSidecarPackage.Build(
            fixture.Testbed.Folder, SidecarPackages.NewerVersion, distribution == Distribution.Rpm
                ? "rpm" : "deb", AgentPackage.Architecture.Deb, failingPostinst: true);

        var fault = Assert.Throws<InvalidOperationException>(() => vm.Install(fixture.Testbed.CopyToVm(failing)));

        Assert.Contains("failing on purpose", fault.Message, StringComparison.Ordinal);
    }

    private StandInSidecar Install(BootedVm vm, string distribution)
    {
        if (distribution == Distribution.Rpm)
            RpmRepository.Make(fixture.Testbed.Folder, AgentPackage.Built.Rpm, fixture.Sidecars.Rpm(SidecarPackages.Version)).AddTo(vm);
        vm.Install(fixture.Testbed.CopyToVm(distribution == Distribution.Rpm
            ? fixture.Sidecars.Rpm(SidecarPackages.Version) : fixture.Sidecars.Deb(SidecarPackages.Version)));
        return new(fixture.Testbed, vm);
    }

    // It returns the source of the connection to each client.
    private TestbedProcess Serve(int port) =>
        new(fixture.Testbed.Vm.Inside("socat", $"TCP-LISTEN:{port},fork,reuseaddr", "SYSTEM:echo $SOCAT_PEERADDR"));

    private string Ask(int port) =>
        fixture.Testbed.Cluster.Try("timeout", "5", "bash", "-c", $"exec 3<>/dev/tcp/{MeshTestbed.VmAddress}/{port}; cat <&3") is (
            0, var answer) ? answer.Trim() : "";
}
