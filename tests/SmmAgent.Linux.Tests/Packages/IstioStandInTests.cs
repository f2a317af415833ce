using IstioStandIn;
using SmmAgent.Linux.Packages;

namespace SmmAgent.Linux.Tests.Packages;

/// <summary>Other tests rely on this: the stand-in package is installed like Istio's, and captures traffic as Istio does.</summary>
public sealed class IstioStandInTests : IstioStandInFixture
{
    [Theory]
    [InlineData("deb", "1.15.3", "amd64")]
    [InlineData("deb", "1.15.4", "arm64")]
    [InlineData("rpm", "1.15.3", "amd64")]
    [InlineData("rpm", "1.15.4", "arm64")]
    public async Task StandInIsBuiltForBothFormatsAndArchitectures(string format, string version, string architecture)
    {
        Directory.CreateDirectory(Host.Shared);
        var path = IstioSidecarPackage.Build(Host.Shared, version, format, architecture);
        IPackageSystem system = format == "deb" ? new Dpkg(new(), PackageCommands.Direct(new()), hasApt: true, TimeSpan.Zero)
            : new Rpm(new(), PackageCommands.Direct(new()), null);

        var (label, _) = await system.DescribeAsync(path, TestContext.Current.CancellationToken);
        var (members, list) = await system.ListAsync(path, TestContext.Current.CancellationToken);

        Assert.Equal((IstioSidecarPackage.Name, architecture),
            (label!.Name, label.Architecture switch { "x86_64" => "amd64", "aarch64" => "arm64", var word => word }));
        Assert.StartsWith(version, label.Version, StringComparison.Ordinal);
        Assert.True(members is not null, list.Describe());
        Assert.Null(ArchiveContents.Validate(members!));
        Assert.Contains(members!, member => member.Path.EndsWith("/usr/local/bin/istio-start.sh", StringComparison.Ordinal));
    }

    [Fact]
    public async Task TrafficGoesThroughTheStandInAndOnlyExcludedPortsWorkWhenItIsDead()
    {
        await InstallAsync();
        await ConnectNetworksAsync();
        File.WriteAllText(Host.Inside("/etc/resolv.conf"), $"nameserver {Peer}\n");
        File.WriteAllText(
            Host.Inside("/var/lib/istio/envoy/cluster.env"),
            "ISTIO_META_DNS_CAPTURE='true'\nISTIO_SERVICE_CIDR='*'\nISTIO_INBOUND_PORTS='*'\n"
            + "ISTIO_LOCAL_EXCLUDE_PORTS='22,16400'\nISTIO_SERVICE='a.b'\nPS_TEST='it'\"'\"'s'\n");
        // The name server of the host, which resolves every name to the same address.
        File.WriteAllText($"{Host.Shared}/names", """
            sysread STDIN, my $question, 4096;
            my $end = index($question, "\0", 12) + 5;
            syswrite STDOUT, substr($question, 0, 2) . pack('n5', 0x8180, 1, 1, 0, 0) . substr($question, 12, $end - 12) . pack('n3 N n C4', 0xc00c, 1, 1, 9, 4, 192, 0, 2, 7);
            """);
        Start(PeerNetwork, "socat", $"UDP-LISTEN:53,bind={Peer},fork,reuseaddr", $"EXEC:perl {Host.Shared}/names");
        Serve(VmNetwork, 8080);
        Serve(VmNetwork, 16400);
        Serve(PeerNetwork, 9090);
        var sidecar = Start(VmNetwork, "chroot", Host.Inside(""), "/usr/local/bin/istio-start.sh");

        await UntilAsync(VmNetwork, "127.0.0.1", 15021, "GET /healthz/ready HTTP/1.1\r\n\r\n", "200 OK");
        await UntilAsync(PeerNetwork, Vm, 8080, "", "served by 8080");
        await UntilAsync(VmNetwork, Peer, 9090, "", "served by 9090");
        await UntilAsync(PeerNetwork, Vm, 16400, "", "served by 16400");
        foreach (var transport in (string[])["", "options use-vc"])
        {
            await File.WriteAllTextAsync(
                Host.Inside("/etc/resolv.conf"), $"nameserver {Peer}\n{transport}\n", TestContext.Current.CancellationToken);
            foreach (var name in (string[])["kubernetes.default.svc.cluster.local", "kubernetes.default"])
                Assert.StartsWith("10.96.0.1 ", (await LookUpAsync(name)).Output, StringComparison.Ordinal);
        }

        await File.WriteAllTextAsync(Host.Inside("/etc/resolv.conf"), $"nameserver {Peer}\n", TestContext.Current.CancellationToken);
        Assert.StartsWith("192.0.2.7 ", (await LookUpAsync("gateway.example.com")).Output, StringComparison.Ordinal);
        Assert.Equal(
            ["istio-clean-iptables", "istio-iptables", "proxy --serviceCluster=a.b"],
            await File.ReadAllLinesAsync(Host.Inside($"{IstioSidecarPackage.State}/calls"), TestContext.Current.CancellationToken));
        Assert.Contains("PS_TEST=it's",
            await File.ReadAllTextAsync(Host.Inside($"{IstioSidecarPackage.State}/environment"), TestContext.Current.CancellationToken),
            StringComparison.Ordinal);

        sidecar.Kill(entireProcessTree: true);
        await sidecar.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal("", await AskAsync(PeerNetwork, Vm, 8080, ""));
        Assert.Equal("", await AskAsync(VmNetwork, Peer, 9090, ""));
        Assert.Equal("served by 16400\n", await AskAsync(PeerNetwork, Vm, 16400, ""));

        await InAsync(VmNetwork, "chroot", Host.Inside(""), "/usr/local/bin/istio-start.sh", "clean");
        Assert.Equal("served by 8080\n", await AskAsync(PeerNetwork, Vm, 8080, ""));
        Assert.Equal("served by 9090\n", await AskAsync(VmNetwork, Peer, 9090, ""));
        Assert.DoesNotContain("ISTIO", await InAsync(VmNetwork, "iptables-save"), StringComparison.Ordinal);
    }

    // The recorded rules of the real tool: a stand-in that captures less fails here.
    [Fact]
    public async Task StandInSetsAndRemovesTheRulesOfIstiosOwnTool()
    {
        await InstallAsync();
        const string Legacy = "FORCE_IPTABLES_BINARY=legacy", Excluded = "ISTIO_OUTBOUND_OWNER_GROUPS_EXCLUDE=997";
        (string Record, string Save, string[] Settings)[] all =
        [
            ("default.iptables-legacy-save", "iptables-legacy-save", [Legacy]),
            ("group-excluded.iptables-legacy-save", "iptables-legacy-save", [Legacy, Excluded]),
            ("groups-included.iptables-legacy-save", "iptables-legacy-save", [Legacy, Excluded, "ISTIO_OUTBOUND_OWNER_GROUPS=1000,1001"]),
            ("tproxy.iptables-legacy-save", "iptables-legacy-save", [Legacy, "ISTIO_INBOUND_INTERCEPTION_MODE=TPROXY"]),
            ("all-inbound-no-dns.iptables-legacy-save", "iptables-legacy-save",
                [Legacy, "ISTIO_INBOUND_PORTS=*", "ISTIO_META_DNS_CAPTURE=", "ISTIO_SERVICE_EXCLUDE_CIDR=10.0.0.0/8,198.51.100.7/32",
                    "ISTIO_OUTBOUND_PORTS=9999"]),
            ("dual-stack.iptables-legacy-save", "iptables-legacy-save", [Legacy, Excluded, "ISTIO_DUAL_STACK=true"]),
            ("dual-stack.ip6tables-legacy-save", "ip6tables-legacy-save", [Legacy, Excluded, "ISTIO_DUAL_STACK=true"]),
            ("forced-nft.iptables-save", "iptables-nft-save", ["FORCE_IPTABLES_BINARY=nft"]),
            ("native-nftables.nft", "nft list ruleset", ["NATIVE_NFTABLES=true"]),
        ];
        foreach (var (record, save, settings) in all)
        {
            await WithNetworkAsync(async () =>
            {
                await File.WriteAllTextAsync(
                    Host.Inside("/etc/resolv.conf"),
                    $"nameserver {(record.StartsWith("dual", StringComparison.Ordinal) ? "10.255.255.53" : "198.18.0.1")}\n",
                    TestContext.Current.CancellationToken);
                await CaptureAsync("istio-iptables", settings);
                Assert.Equal(IstioRecords.Capture(record), IstioRecords.Rules(await AsRecordedAsync(save)));
                if (record.StartsWith("tproxy", StringComparison.Ordinal))
                    Assert.Contains("fwmark 0x539 lookup 133", await InAsync(VmNetwork, "ip", "rule", "show"), StringComparison.Ordinal);

                await CaptureAsync("istio-clean-iptables", settings);
                Assert.DoesNotContain("istio", await AllRulesAsync(), StringComparison.OrdinalIgnoreCase);
            });
        }
    }

    [Fact]
    public async Task CleanUpCleansOneBackendOnly()
    {
        await InstallAsync();
        await WithNetworkAsync(async () =>
        {
            await CaptureAsync("istio-iptables", "FORCE_IPTABLES_BINARY=legacy");
            await CaptureAsync("istio-clean-iptables", "FORCE_IPTABLES_BINARY=nft");
            await CaptureAsync("istio-clean-iptables", "NATIVE_NFTABLES=true");
            Assert.Contains("ISTIO_OUTPUT", await InAsync(VmNetwork, "iptables-legacy-save"), StringComparison.Ordinal);
        });

        // Current versions of Istio set their rules in another backend than the one that they have just cleaned.
        await File.WriteAllTextAsync(
            Host.Inside($"{IstioSidecarPackage.State}/behave"), "legacy-trap", TestContext.Current.CancellationToken);
        await WithNetworkAsync(async () =>
        {
            await CaptureAsync("istio-iptables", "FORCE_IPTABLES_BINARY=nft");
            await CaptureAsync("istio-clean-iptables");
            Assert.DoesNotContain("ISTIO_OUTPUT", await InAsync(VmNetwork, "iptables-nft-save"), StringComparison.Ordinal);
            await CaptureAsync("istio-iptables");
            Assert.Contains("ISTIO_OUTPUT", await InAsync(VmNetwork, "iptables-legacy-save"), StringComparison.Ordinal);
            Assert.DoesNotContain("ISTIO_OUTPUT", await InAsync(VmNetwork, "iptables-nft-save"), StringComparison.Ordinal);
        });
    }

    [Fact]
    public async Task GroupThatDoesNotExistFailsInIstiosWords()
    {
        await InstallAsync();
        await WithNetworkAsync(async () =>
        {
            var result = await TryCaptureAsync("istio-iptables", "ISTIO_OUTBOUND_OWNER_GROUPS_EXCLUDE=no-such-group");

            Assert.Equal(1, result.ExitCode);
            Assert.Equal(IstioRecords.Log("capture-fails"), IstioRecords.Lines(result.Output));
        });
    }

    [Theory]
    [InlineData("crash", 1)]
    [InlineData("refuse", 255)]
    public async Task StandInEndsAsConfigured(string word, int exitCode)
    {
        await InstallAsync();
        await ConnectNetworksAsync();
        File.WriteAllText(Host.Inside($"{IstioSidecarPackage.State}/behave"), word);

        var sidecar = Start(VmNetwork, "chroot", Host.Inside(""), "/usr/local/bin/istio-start.sh");
        await sidecar.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal(exitCode, sidecar.ExitCode);
        Assert.Contains("on purpose",
            await File.ReadAllTextAsync(Host.Inside("/var/log/istio/istio.err.log"), TestContext.Current.CancellationToken),
            StringComparison.Ordinal);
    }
}
