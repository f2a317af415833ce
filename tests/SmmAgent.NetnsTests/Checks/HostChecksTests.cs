using SmmAgent.Testbed;

namespace SmmAgent.NetnsTests.Checks;

/// <summary>The checks of name resolution and host that concern interfaces, routes and name servers.</summary>
public sealed class HostChecksTests(BedFixture fixture) : IClassFixture<BedFixture>
{
    [Fact]
    public async Task SidecarDnsShowsWhetherNamesOfOtherNamespacesResolve()
    {
        var agent = new VmAgent(fixture.Bed);
        CheckReportReader.By(agent).Says(
            "names-namespace", "skipped", "other Kubernetes namespaces than vm-integration resolve depends on the mesh: no sidecar runs");

        await using (new TestbedProcess(fixture.Bed.Vm.Inside("socat", "TCP4-LISTEN:15001,reuseaddr,fork", "/dev/null")))
            await CheckReportReader.UntilAsync(
                agent, report => report.Found("names-namespace").EndsWith("the sidecar does not capture DNS", StringComparison.Ordinal),
                "a sidecar runs");

        await using (SidecarDns("pack('n5', 0x8580, 1, 1, 0, 0) . substr($q, 12) . pack('n3 N n C4', 0xc00c, 1, 1, 30, 4, 10, 96, 0, 1)"))
        {
            (await CheckReportReader.UntilAsync(agent, "names-namespace", "pass")).Says(
                "names-namespace", "pass",
                "names of other Kubernetes namespaces than vm-integration resolve in this mesh: the sidecar resolves "
                    + "kubernetes.default.svc.cluster.local");
        }

        await using (SidecarDns("pack('n5', 0x8183, 1, 0, 0, 0) . substr($q, 12)"))
        {
            (await CheckReportReader.UntilAsync(agent, "names-namespace", "pass")).Says(
                "names-namespace", "pass",
                "only names of the Kubernetes namespace vm-integration resolve in this mesh: the sidecar does not resolve "
                    + "kubernetes.default.svc.cluster.local (NXDOMAIN)");
        }

        await using (SidecarDns("pack('n5', 0x8182, 1, 0, 0, 0) . substr($q, 12)"))
            await CheckReportReader.UntilAsync(
                agent, report => report.Found("names-namespace").EndsWith("the sidecar's answer does not tell", StringComparison.Ordinal),
                "SERVFAIL is read");
        CheckReportReader.By(agent).Says("names-namespace", "skipped");
    }

    [Fact]
    public void UnresolvableClusterNameIsAWarning()
    {
        var bed = fixture.Bed;
        var agent = new VmAgent(bed);
        agent.WriteSettings(File.ReadAllText(Path.Combine(agent.ConfigFolder, "agent.yaml"))
            .Replace(bed.DashboardUrl, "http://smm.smm-system.svc.cluster.local:8080", StringComparison.Ordinal));

        var line = CheckReportReader.By(agent).Line("names-namespace", "smm.smm-system.svc.cluster.local");

        Assert.Equal("warn", line.Status);
        Assert.Contains("the agent's own connections do not use the sidecar's DNS", line.Found, StringComparison.Ordinal);
    }

    [Fact]
    public async Task LocalNameServerMustAnswerAndBeTheOnlyOne()
    {
        var bed = fixture.Bed;
        var agent = new VmAgent(bed);
        var file = Path.Combine(Directory.CreateDirectory(Path.Combine(agent.Root, "etc")).FullName, "resolv.conf");
        File.Delete(file);
        CheckReportReader.By(agent).Says("names-capture", "fail", "names no name server");

        await File.WriteAllTextAsync(file, "nameserver 198.18.0.53\n", TestContext.Current.CancellationToken);
        CheckReportReader.By(agent).Says("names-capture", "pass", "asks 198.18.0.53");

        await File.WriteAllTextAsync(file, "nameserver 127.0.0.53\noptions edns0\n", TestContext.Current.CancellationToken);
        CheckReportReader.By(agent).Says("names-capture", "fail", "names 127.0.0.53, but nothing on this VM answers there");

        await using var stub = new TestbedProcess(bed.Vm.Inside("socat", "UDP4-RECVFROM:53,bind=127.0.0.53,fork", "/dev/null"));
        await CheckReportReader.UntilAsync(agent, report => report.Line("names-capture").Status == "pass", "the stub answers");
        CheckReportReader.By(agent).Says("names-capture", "pass", $"socat (pid {stub.Id}) at 127.0.0.53 forwards names");

        await File.WriteAllTextAsync(file, "nameserver 127.0.0.53\nnameserver 198.18.0.53\n", TestContext.Current.CancellationToken);
        CheckReportReader.By(agent).Says("names-capture", "warn", "names 198.18.0.53 beside it");
    }

    [Fact]
    public void UnreadableNameServersAreSkipped()
    {
        var agent = new VmAgent(fixture.Bed);
        var file = Path.Combine(Directory.CreateDirectory(Path.Combine(agent.Root, "etc")).FullName, "resolv.conf");
        File.WriteAllText(file, "nameserver 198.18.0.53\n");
        File.SetUnixFileMode(file, UnixFileMode.UserRead);

        CheckReportReader.ByNobody(fixture.Bed, agent.Root).Says("names-capture", "skipped", "/etc/resolv.conf cannot be read");
        File.Delete(file);
    }

    [Fact]
    public void DefaultRouteBelongsToTheInterfaceOfTheVmAddress()
    {
        var bed = fixture.Bed;
        var agent = new VmAgent(bed);
        CheckReportReader.By(agent).Says("host-interfaces", "pass", "eth0 ");
        var peer = $"p{Guid.NewGuid():N}"[..12];
        bed.Vm.Run("ip", "link", "add", "eth1", "type", "veth", "peer", "name", peer, "netns", bed.Cluster.Name);
        try
        {
            bed.Cluster.Run("ip", "link", "set", peer, "up");
            bed.Vm.Run("ip", "address", "add", "198.19.7.1/24", "dev", "eth1");
            bed.Vm.Run("ip", "link", "set", "eth1", "up");
            CheckReportReader.By(agent).Says("host-interfaces", "warn", "eth1 198.19.7.1", "default route none");

            bed.Vm.Run("ip", "route", "add", "default", "via", MeshTestbed.DashboardAddress);
            CheckReportReader.By(agent).Says("host-interfaces", "pass", "address and default route are those of eth0");

            bed.Vm.Run("ip", "route", "add", "default", "dev", "eth1", "metric", "500");
            CheckReportReader.By(agent).Says("host-interfaces", "warn", "default route eth0 and eth1", $"{MeshTestbed.VmAddress} on eth0");
        }
        finally
        {
            bed.Vm.Try("ip", "link", "delete", "eth1");
            bed.Vm.Try("ip", "route", "delete", "default");
        }
    }

    [Fact]
    public void IPv6AddressNeedsADefaultRouteIfIPv4HasOne()
    {
        var bed = fixture.Bed;
        var agent = new VmAgent(bed);
        CheckReportReader.By(agent).Says("host-ipv6", "pass", "no default route in either family");
        try
        {
            bed.Vm.Run("ip", "route", "add", "default", "via", MeshTestbed.DashboardAddress);
            CheckReportReader.By(agent).Says("host-ipv6", "warn", "no IPv6 default route");

            agent.WriteSettings(File.ReadAllText(Path.Combine(agent.ConfigFolder, "agent.yaml"))
                .Replace("ip: auto", "ip: 2600:198:18::100", StringComparison.Ordinal));
            CheckReportReader.By(agent).Says("host-ipv6", "fail", "2600:198:18::100");

            bed.Vm.Run("ip", "-6", "route", "add", "default", "via", MeshTestbed.ClusterAddressIPv6);
            CheckReportReader.By(agent).Says("host-ipv6", "pass", "with a default route");
        }
        finally
        {
            bed.Vm.Try("ip", "route", "delete", "default");
            bed.Vm.Try("ip", "-6", "route", "delete", "default");
        }
    }

    [Fact]
    public void MachineWithoutNetworkAndConfigurationIsChecked()
    {
        Assert.SkipUnless(Programs.Missing() is null, Programs.Missing() ?? "");
        using var machine = new NetworkNamespace($"smm-bare-{Guid.NewGuid():N}"[..20]);
        var root = Directory.CreateTempSubdirectory("smm-bare-");
        try
        {
            var (exitCode, output) = machine.Try(Programs.Agent, "--root", root.FullName, "check", "--output", "json");

            var report = new CheckReportReader((exitCode, output));
            report.Says("host-interfaces", "fail", "no network interface of this VM has an address");
            report.Says("host-ipv6", "pass");
            report.Says("address-source", "skipped", "no dashboard is set");
            report.Says("network-model", "skipped");
            report.Says("names-namespace", "skipped", "no WorkloadGroup is set");
            Assert.Equal("pass", report.Line("ports-open", "16400 (agent)").Status);
            report.Says("ports-firewall", "pass", "nothing is blocked");
            Assert.Empty(root.EnumerateFileSystemInfos());
        }
        finally
        {
            root.Delete(recursive: true);
        }
    }

    // What stands where a sidecar answers DNS: id of the question, and then what the expression makes of the question $q.
    private TestbedProcess SidecarDns(string answer)
    {
        var script = Path.Combine(fixture.Bed.Folder, "sidecar-dns.pl");
        File.WriteAllText(script, $"sysread STDIN, my $q, 512;\nsyswrite STDOUT, substr($q, 0, 2) . {answer};\n");
        return new(fixture.Bed.Vm.Inside("socat", "UDP4-RECVFROM:15053,bind=127.0.0.1,reuseaddr,fork", $"EXEC:perl {script}"));
    }
}
