using SmmAgent.Contract;
using IstioStandIn;
using SmmAgent.Linux.Commands;
using SmmAgent.Linux.Packages;

namespace SmmAgent.Linux.Tests.Packages;

/// <summary>Other tests rely on this: the stand-in package is installed like Istio's, and captures traffic as Istio does.</summary>
public sealed class IstioStandInTests : IAsyncDisposable
{
    private const string Vm = "10.77.0.1";
    private const string Peer = "10.77.0.2";

    private readonly PackageHostRoot _host = new();
    private readonly string _vmNetwork = $"smmv{Guid.NewGuid():N}"[..12];
    private readonly string _peerNetwork = $"smmp{Guid.NewGuid():N}"[..12];
    private readonly List<System.Diagnostics.Process> _running = [];

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _running)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None);
            process.Dispose();
        }

        foreach (var network in (string[])[_vmNetwork, _peerNetwork])
            await new CommandRunner().RunAsync(["ip", "netns", "del", network], CancellationToken.None);
        _host.Dispose();
    }

    [Theory]
    [InlineData("deb", "1.15.3", "amd64")]
    [InlineData("deb", "1.15.4", "arm64")]
    [InlineData("rpm", "1.15.3", "amd64")]
    [InlineData("rpm", "1.15.4", "arm64")]
    public async Task StandInIsBuiltForBothFormatsAndArchitectures(string format, string version, string architecture)
    {
        Directory.CreateDirectory(_host.Shared);
        var path = IstioSidecarPackage.Build(_host.Shared, version, format, architecture);
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
        File.WriteAllText(_host.Inside("/etc/resolv.conf"), $"nameserver {Peer}\n");
        File.WriteAllText(
            _host.Inside("/var/lib/istio/envoy/cluster.env"),
            "ISTIO_META_DNS_CAPTURE='true'\nISTIO_SERVICE_CIDR='*'\nISTIO_INBOUND_PORTS='*'\n"
            + "ISTIO_LOCAL_EXCLUDE_PORTS='22,16400'\nISTIO_SERVICE='a.b'\nPS_TEST='it'\"'\"'s'\n");
        // The name server of the host, which resolves every name to the same address.
        File.WriteAllText($"{_host.Shared}/names", """
            sysread STDIN, my $question, 4096;
            my $end = index($question, "\0", 12) + 5;
            syswrite STDOUT, substr($question, 0, 2) . pack('n5', 0x8180, 1, 1, 0, 0) . substr($question, 12, $end - 12) . pack('n3 N n C4', 0xc00c, 1, 1, 9, 4, 192, 0, 2, 7);
            """);
        Start(_peerNetwork, "socat", $"UDP-LISTEN:53,bind={Peer},fork,reuseaddr", $"EXEC:perl {_host.Shared}/names");
        Serve(_vmNetwork, 8080);
        Serve(_vmNetwork, 16400);
        Serve(_peerNetwork, 9090);
        var sidecar = Start(_vmNetwork, "chroot", _host.Inside(""), "/usr/local/bin/istio-start.sh");

        await UntilAsync(_vmNetwork, "127.0.0.1", 15021, "GET /healthz/ready HTTP/1.1\r\n\r\n", "200 OK");
        await UntilAsync(_peerNetwork, Vm, 8080, "", "served by 8080");
        await UntilAsync(_vmNetwork, Peer, 9090, "", "served by 9090");
        await UntilAsync(_peerNetwork, Vm, 16400, "", "served by 16400");
        foreach (var transport in (string[])["", "options use-vc"])
        {
            await File.WriteAllTextAsync(
                _host.Inside("/etc/resolv.conf"), $"nameserver {Peer}\n{transport}\n", TestContext.Current.CancellationToken);
            foreach (var name in (string[])["kubernetes.default.svc.cluster.local", "kubernetes.default"])
                Assert.StartsWith("10.96.0.1 ", (await LookUpAsync(name)).Output, StringComparison.Ordinal);
        }

        await File.WriteAllTextAsync(_host.Inside("/etc/resolv.conf"), $"nameserver {Peer}\n", TestContext.Current.CancellationToken);
        Assert.StartsWith("192.0.2.7 ", (await LookUpAsync("gateway.example.com")).Output, StringComparison.Ordinal);
        Assert.Equal(
            ["istio-clean-iptables", "istio-iptables", "proxy --serviceCluster=a.b"],
            await File.ReadAllLinesAsync(_host.Inside($"{IstioSidecarPackage.State}/calls"), TestContext.Current.CancellationToken));
        Assert.Contains("PS_TEST=it's",
            await File.ReadAllTextAsync(_host.Inside($"{IstioSidecarPackage.State}/environment"), TestContext.Current.CancellationToken),
            StringComparison.Ordinal);

        sidecar.Kill(entireProcessTree: true);
        await sidecar.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal("", await AskAsync(_peerNetwork, Vm, 8080, ""));
        Assert.Equal("", await AskAsync(_vmNetwork, Peer, 9090, ""));
        Assert.Equal("served by 16400\n", await AskAsync(_peerNetwork, Vm, 16400, ""));

        await InAsync(_vmNetwork, "chroot", _host.Inside(""), "/usr/local/bin/istio-start.sh", "clean");
        Assert.Equal("served by 8080\n", await AskAsync(_peerNetwork, Vm, 8080, ""));
        Assert.Equal("served by 9090\n", await AskAsync(_vmNetwork, Peer, 9090, ""));
        Assert.DoesNotContain("ISTIO", await InAsync(_vmNetwork, "iptables-save"), StringComparison.Ordinal);
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
                    _host.Inside("/etc/resolv.conf"),
                    $"nameserver {(record.StartsWith("dual", StringComparison.Ordinal) ? "10.255.255.53" : "198.18.0.1")}\n",
                    TestContext.Current.CancellationToken);
                await CaptureAsync("istio-iptables", settings);
                Assert.Equal(IstioRecords.Capture(record), IstioRecords.Rules(await AsRecordedAsync(save)));
                if (record.StartsWith("tproxy", StringComparison.Ordinal))
                    Assert.Contains("fwmark 0x539 lookup 133", await InAsync(_vmNetwork, "ip", "rule", "show"), StringComparison.Ordinal);

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
            Assert.Contains("ISTIO_OUTPUT", await InAsync(_vmNetwork, "iptables-legacy-save"), StringComparison.Ordinal);
        });

        // Current versions of Istio set their rules in another backend than the one that they have just cleaned.
        await File.WriteAllTextAsync(
            _host.Inside($"{IstioSidecarPackage.State}/behave"), "legacy-trap", TestContext.Current.CancellationToken);
        await WithNetworkAsync(async () =>
        {
            await CaptureAsync("istio-iptables", "FORCE_IPTABLES_BINARY=nft");
            await CaptureAsync("istio-clean-iptables");
            Assert.DoesNotContain("ISTIO_OUTPUT", await InAsync(_vmNetwork, "iptables-nft-save"), StringComparison.Ordinal);
            await CaptureAsync("istio-iptables");
            Assert.Contains("ISTIO_OUTPUT", await InAsync(_vmNetwork, "iptables-legacy-save"), StringComparison.Ordinal);
            Assert.DoesNotContain("ISTIO_OUTPUT", await InAsync(_vmNetwork, "iptables-nft-save"), StringComparison.Ordinal);
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
        File.WriteAllText(_host.Inside($"{IstioSidecarPackage.State}/behave"), word);

        var sidecar = Start(_vmNetwork, "chroot", _host.Inside(""), "/usr/local/bin/istio-start.sh");
        await sidecar.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal(exitCode, sidecar.ExitCode);
        Assert.Contains("on purpose",
            await File.ReadAllTextAsync(_host.Inside("/var/log/istio/istio.err.log"), TestContext.Current.CancellationToken),
            StringComparison.Ordinal);
    }

    private async Task InstallAsync()
    {
        var offered = new SmmAgent.Contract.Package
        {
            Name = IstioSidecarPackage.Name, Version = "1.15.3", Format = PackageFormat.Deb,
            Architecture = "amd64", Path = "/p"
        };
        Assert.Null(_host.Cache.Prepare());
        IstioSidecarPackage.Build(_host.Cache.Folder, "1.15.3");
        // The package depends on sudo, like Istio's, but this host need not have it.
        if (!File.Exists("/usr/bin/sudo"))
            OfferSudo();

        var outcome = await _host.InstallAsync(_host.Installer("apt-get", "deb"), _host.Sealed(offered));

        Assert.Equal(new InstallOutcome.Installed("1.15.3", null), outcome);
    }

    private async Task WithNetworkAsync(Func<Task> test)
    {
        var runner = new CommandRunner();
        Assert.True((await runner.RunAsync(["ip", "netns", "add", _vmNetwork], TestContext.Current.CancellationToken)).Succeeded);
        try
        {
            // With a global IPv4 address, Istio does not change IPv6.
            await InAsync(_vmNetwork, "ip", "link", "add", "vm", "type", "veth", "peer", "name", "peer");
            await InAsync(_vmNetwork, "ip", "address", "add", $"{Vm}/24", "dev", "vm");
            await InAsync(_vmNetwork, "ip", "link", "set", "lo", "up");
            await test();
        }
        finally
        {
            await runner.RunAsync(["ip", "netns", "del", _vmNetwork], CancellationToken.None);
        }
    }

    // As the agent writes it to cluster.env.
    private Task<CommandResult> TryCaptureAsync(string command, params string[] settings) => new CommandRunner().RunAsync(
        [
            "ip", "netns", "exec", _vmNetwork, "chroot", _host.Inside(""), "env", "ISTIO_META_DNS_CAPTURE=true", "ISTIO_SERVICE_CIDR=*",
                "ISTIO_INBOUND_PORTS=8080,8082",
            "ISTIO_LOCAL_EXCLUDE_PORTS=22,15090,15021,15020,16400,16401", .. settings, "/usr/local/bin/pilot-agent", command,
        ],
        TestContext.Current.CancellationToken);

    private async Task CaptureAsync(string command, params string[] settings)
    {
        var result = await TryCaptureAsync(command, settings);
        Assert.True(result.Succeeded, result.Describe() + result.Output);
    }

    // On a host where istio-proxy has the ids of the record.
    private async Task<string> AsRecordedAsync(string save)
    {
        var ids = (await InAsync(_vmNetwork, "chroot", _host.Inside(""), "sh", "-c", "id -u istio-proxy; id -g istio-proxy")).Split('\n');
        var rules = await InAsync(_vmNetwork, save.Split(' '));
        foreach (var (name, id) in (ReadOnlySpan<(string, string)>)[
            ("uid-owner ", ids[0]), ("gid-owner ", ids[1]), ("skuid ", ids[0]), ("skuid != ", ids[0]), ("skgid ", ids[1]),
                ("skgid != ", ids[1])])
            rules = rules.Replace($"{name}{id} ", $"{name}996 ", StringComparison.Ordinal);
        return rules;
    }

    private async Task<string> AllRulesAsync()
    {
        var all = "";
        foreach (var save in (string[])[
            "iptables-legacy-save", "ip6tables-legacy-save", "iptables-nft-save", "ip6tables-nft-save", "nft list ruleset"])
            all += await InAsync(_vmNetwork, save.Split(' '));
        return all;
    }

    private Task<CommandResult> LookUpAsync(string name) => new CommandRunner().RunAsync(
        ["ip", "netns", "exec", _vmNetwork, "chroot", _host.Inside(""), "getent", "ahostsv4", name], TestContext.Current.CancellationToken,
        timeout: TimeSpan.FromMinutes(1));

    private void OfferSudo()
    {
        var folder = $"{_host.Shared}/sudo";
        Directory.CreateDirectory($"{folder}/DEBIAN");
        File.WriteAllText($"{folder}/DEBIAN/control",
            "Package: sudo\nVersion: 1\nArchitecture: all\nMaintainer: t <t@example.com>\nDescription: an empty one\n");
        BuiltPackage.Run("dpkg-deb", "-b", folder, $"{folder}.deb");
        BuiltPackage.Run([.. _host.Prefix, "dpkg", "-i", $"{folder}.deb"]);
    }

    private async Task ConnectNetworksAsync()
    {
        var runner = new CommandRunner();
        foreach (var network in (string[])[_vmNetwork, _peerNetwork])
            Assert.True((await runner.RunAsync(["ip", "netns", "add", network], TestContext.Current.CancellationToken)).Succeeded);
        await InAsync(_vmNetwork, "ip", "link", "add", "vm", "type", "veth", "peer", "name", "peer", "netns", _peerNetwork);
        foreach (var (network, link, address) in (ReadOnlySpan<(string, string, string)>)[
            (_vmNetwork, "vm", Vm), (_peerNetwork, "peer", Peer)])
        {
            BuiltPackage.Run("ip", "-n", network, "address", "add", $"{address}/24", "dev", link);
            BuiltPackage.Run("ip", "-n", network, "link", "set", link, "up");
            BuiltPackage.Run("ip", "-n", network, "link", "set", "lo", "up");
        }
    }

    private void Serve(string network, int port) =>
        Start(network, "socat", $"TCP-LISTEN:{port},fork,reuseaddr", $"SYSTEM:echo served by {port}");

    private System.Diagnostics.Process Start(string network, params string[] command)
    {
        var process = System.Diagnostics.Process.Start(
            new System.Diagnostics.ProcessStartInfo("ip", ["netns", "exec", network, .. command]))!;
        _running.Add(process);
        return process;
    }

    private static async Task<string> InAsync(string network, params string[] command)
    {
        var result = await new CommandRunner().RunAsync(
            ["ip", "netns", "exec", network, .. command], TestContext.Current.CancellationToken);
        Assert.True(result.Succeeded, result.Describe());
        return result.Output;
    }

    private Task UntilAsync(string network, string address, int port, string request, string shown) => Until.TrueAsync(
        () => AskAsync(network, address, port, request).GetAwaiter().GetResult().Contains(shown, StringComparison.Ordinal),
        $"{address}:{port} answers", TimeSpan.FromMinutes(1), () => File.ReadAllText(_host.Inside("/var/log/istio/istio.err.log")));

    /// <summary>The answer; empty where no server is reached.</summary>
    private static async Task<string> AskAsync(string network, string address, int port, string request) =>
        (await new CommandRunner().RunAsync(
            ["ip", "netns", "exec", network, "socat", "-t5", "-", $"TCP:{address}:{port},connect-timeout=5"],
            TestContext.Current.CancellationToken, input: request, timeout: TimeSpan.FromSeconds(30))).Output;
}
