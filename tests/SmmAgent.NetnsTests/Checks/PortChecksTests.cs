using SmmAgent.Testbed;

namespace SmmAgent.NetnsTests.Checks;

/// <summary>The groups ports and host, on a VM whose firewall drops by default.</summary>
public sealed class PortChecksTests(BedFixture fixture) : IClassFixture<BedFixture>
{
    private const string Site = "add table inet site; add chain inet site in { type filter hook input priority 10; policy drop; };";

    [Fact]
    public void ClosedPortWarnsInManageModeAndFailsWithAWorkingCommandInCheckMode()
    {
        var bed = fixture.Bed;
        var agent = new VmAgent(bed);
        var before = CheckReportReader.By(agent).Line("ports-open", "16400 (agent)");
        Assert.Equal(("warn", "is blocked by INPUT of iptables and INPUT of ip6tables; the agent will open it"),
            (before.Status, before.Found));
        Assert.Equal("sudo smm-agent reconcile", before.Fix);

        Edit(agent, "firewall:\n  mode: check\n");
        using var firewall = new KeptFirewall(bed);
        foreach (var subject in (string[])["16400 (agent)", "16401 (sidecar-metrics)", "8080 (http)", "8082 (grpc)"])
        {
            var shut = CheckReportReader.By(agent).Lines("ports-open", subject);
            Assert.Equal(
                ["is blocked by INPUT of iptables", "is blocked by INPUT of ip6tables"], shut.Select(line => line.Found));
            Assert.All(shut, line => Assert.Equal("fail", line.Status));

            foreach (var line in shut)
                bed.Vm.Run("sh", "-ec", line.Command);

            Assert.Equal("pass", CheckReportReader.By(agent).Line("ports-open", subject).Status);
        }
    }

    [Fact]
    public void DroppingNftablesTableIsNamedWithTheRuleThatOpensThePort()
    {
        var bed = fixture.Bed;
        var agent = new VmAgent(bed);
        using var firewall = new KeptFirewall(bed);
        bed.Vm.Run("nft", Site);
        try
        {
            var report = CheckReportReader.By(agent);
            var shut = Assert.Single(report.Lines("ports-open", "16401 (sidecar-metrics)"), line => line.Status == "fail");
            Assert.Equal("is blocked by nftables chain inet site in", shut.Found);
            Assert.Contains("nftables table inet site", report.Lines("ports-firewall")[0].Found, StringComparison.Ordinal);
            Assert.Equal(1, report.ExitCode);

            bed.Vm.Run("sh", "-ec", shut.Command);

            Assert.DoesNotContain(CheckReportReader.By(agent).Lines("ports-open", "16401 (sidecar-metrics)"),
                line => line.Status == "fail");
        }
        finally
        {
            bed.Vm.Run("nft", "delete table inet site");
        }
    }

    [Fact]
    public void InputChainThatDropsRepliesFailsWithAWorkingCommand()
    {
        var bed = fixture.Bed;
        var agent = new VmAgent(bed);
        CheckReportReader.By(agent).Says("ports-own-traffic", "pass");
        using var firewall = new KeptFirewall(bed);
        bed.Vm.Run("iptables", "-w", "-D", "INPUT", "-m", "conntrack", "--ctstate", "ESTABLISHED,RELATED", "-j", "ACCEPT");

        var report = CheckReportReader.By(agent);

        report.Says("ports-own-traffic", "fail", "INPUT drops replies to the VM's own connections");
        var fix = report.Line("ports-own-traffic").Fix!;
        Assert.Equal("sudo iptables -I INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT", fix);
        report.Says("dashboard-reachable", "fail", "did not answer within 3 s: INPUT drops replies to the VM's own connections");
        Assert.Equal(fix, report.Line("dashboard-reachable").Fix);

        bed.Vm.Run("sh", "-ec", report.Line("ports-own-traffic").Command);

        CheckReportReader.By(agent).Says("ports-own-traffic", "pass");
        CheckReportReader.By(agent).Says("dashboard-reachable", "pass");
    }

    [Fact]
    public void UfwIsNamedAndItsCommandOpensThePorts()
    {
        var bed = fixture.Bed;
        var agent = new VmAgent(bed);
        Edit(agent, "firewall:\n  mode: check\n");
        using var firewall = new KeptFirewall(bed);
        bed.Vm.Run("iptables", "-w", "-N", "ufw-user-input");
        bed.Vm.Run("iptables", "-w", "-A", "INPUT", "-j", "ufw-user-input");

        var report = CheckReportReader.By(agent);

        Assert.Contains("iptables with ufw", report.Line("ports-firewall").Found, StringComparison.Ordinal);
        Assert.Contains(report.Lines("ports-open", "8080 (http)"), line => line is { Status: "fail", Fix: "sudo ufw allow 8080/tcp" });
    }

    [Fact]
    public void UfwThatIsEnabledButNotActiveIsAWarning()
    {
        var agent = new VmAgent(fixture.Bed);
        var file = Path.Combine(Directory.CreateDirectory(Path.Combine(agent.Root, "etc", "ufw")).FullName, "ufw.conf");
        File.WriteAllText(file, "# ufw\nENABLED=yes\nLOGLEVEL=low\n");
        try
        {
            Assert.Contains(CheckReportReader.By(agent).Lines("ports-firewall"),
                line => line is { Status: "warn", Fix: "sudo ufw reload" });
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void UfwSettingsThatAreNotARegularFileDoNotBlockTheCheck()
    {
        var agent = new VmAgent(fixture.Bed);
        var file = Path.Combine(Directory.CreateDirectory(Path.Combine(agent.Root, "etc", "ufw")).FullName, "ufw.conf");
        Shell.Run("mkfifo", file);
        try
        {
            Assert.Equal("pass", CheckReportReader.By(agent).Line("ports-firewall").Status);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task ProgramOnAPortOfTheAgentIsNamedWithItsProcessIdToRootOnly()
    {
        var bed = fixture.Bed;
        var agent = new VmAgent(bed);
        Assert.Equal("is free", CheckReportReader.By(agent).Line("ports-agent", "16400").Found);
        await using var other = new TestbedProcess(bed.Vm.Inside("socat", "TCP-LISTEN:16400,reuseaddr,fork", "/dev/null"));
        await Until.TrueAsync(() => MeshTestbed.Reaches(bed.Vm, "127.0.0.1", 16400), "the other program listens",
            lastSeen: () => other.Output);

        var taken = CheckReportReader.By(agent).Line("ports-agent", "16400");
        Assert.Equal(("fail", $"is used by socat (pid {other.Id}): the agent cannot serve it"), (taken.Status, taken.Found));

        var unobserved = CheckReportReader.ByNobody(bed, agent.Root);
        var line = unobserved.Line("ports-agent", "16400");
        Assert.Equal(("skipped", "sudo smm-agent check"), (line.Status, line.Fix));
        Assert.Equal(("skipped", "sudo smm-agent check"), (unobserved.Line("ports-open").Status, unobserved.Line("ports-open").Fix));
    }

    [Fact]
    public async Task ConfiguredPortThatTheRunningAgentDoesNotServeIsAWarning()
    {
        await using var agent = new VmAgent(fixture.Bed);
        Edit(agent, "firewall:\n  managementPorts: [16400, 17000]\n");
        Assert.Equal("is free", CheckReportReader.By(agent).Line("ports-agent", "17000").Found);
        await agent.StartAndBeReadyAsync();
        await agent.UntilAsync(() => agent.Status() is not null, "the daemon says that it runs");

        var report = CheckReportReader.By(agent);

        Assert.Equal("pass", report.Line("ports-agent", "16400").Status);
        var unserved = report.Line("ports-agent", "17000");
        Assert.Equal(("warn", "is not served, although the daemon runs"), (unserved.Status, unserved.Found));
        Assert.StartsWith("the agent serves 16400 and 16401 only: remove 17000 from firewall.managementPorts in ", unserved.Fix,
            StringComparison.Ordinal);
        await agent.StopAsync();
        agent.Run("detach");
    }

    [Fact]
    public async Task WorkloadGroupPortNeedsAReachableListener()
    {
        var bed = fixture.Bed;
        var agent = new VmAgent(bed);
        var ports = bed.Mesh.Ports;
        await using var local = new TestbedProcess(bed.Vm.Inside("socat", "TCP-LISTEN:8084,bind=127.0.0.1,reuseaddr,fork", "/dev/null"));
        await Until.TrueAsync(() => MeshTestbed.Reaches(bed.Vm, "127.0.0.1", 8084), "the local program listens",
            lastSeen: () => local.Output);
        bed.Mesh.Ports = [.. ports, ("idle", 8083), ("local", 8084)];
        bed.Mesh.Write();
        try
        {
            var report = await CheckReportReader.UntilAsync(
                agent, report => report.Lines("ports-workload").Count == 4, "all four ports are known");

            Assert.Contains("socat (pid ", report.Line("ports-workload", "8080 (http)").Found, StringComparison.Ordinal);
            Assert.Equal("pass", report.Line("ports-workload", "8080 (http)").Status);
            Assert.Equal(("warn", "has no listener"),
                (report.Line("ports-workload", "8083 (idle)").Status, report.Line("ports-workload", "8083 (idle)").Found));
            Assert.Equal("fail", report.Line("ports-workload", "8084 (local)").Status);
            Assert.Contains($"is served by socat (pid {local.Id}) on 127.0.0.1 only", report.Line("ports-workload", "8084 (local)").Found,
                StringComparison.Ordinal);
        }
        finally
        {
            bed.Mesh.Ports = ports;
            bed.Mesh.Write();
        }
    }

    [Fact]
    public async Task DaemonWithoutAMeshConfigurationDoesNotImplyAWorkloadGroupWithoutPorts()
    {
        await using var agent = new VmAgent(fixture.Bed);
        var settings = await File.ReadAllTextAsync(Path.Combine(agent.ConfigFolder, "agent.yaml"), TestContext.Current.CancellationToken);
        agent.WriteSettings(settings.Replace("analytics-v0", "no-such-group", StringComparison.Ordinal));
        await agent.StartAndBeReadyAsync();
        await agent.UntilConditionAsync("ConfigCurrent", "False", "WorkloadGroupNotFound");
        await agent.UntilAsync(() => agent.Status()!["ports"]!.AsArray().Count > 0, "the agent's own ports are known");

        CheckReportReader.By(agent).Says("ports-workload", "skipped", "there is no mesh configuration");

        await agent.StopAsync();
        agent.Run("detach");
    }

    [Fact]
    public void DockerChainsAreAWarningAndAPortSentToAContainerIsAFailure()
    {
        var bed = fixture.Bed;
        var agent = new VmAgent(bed);
        CheckReportReader.By(agent).Says("host-docker", "pass");
        using var firewall = new KeptFirewall(bed);
        bed.Vm.Run("iptables", "-w", "-N", "DOCKER-USER");
        bed.Vm.Run("iptables", "-w", "-t", "nat", "-N", "DOCKER");
        bed.Vm.Run("iptables", "-w", "-t", "nat", "-A", "PREROUTING", "-m", "addrtype", "--dst-type", "LOCAL", "-j", "DOCKER");
        bed.Vm.Run("iptables", "-w", "-t", "nat", "-A", "DOCKER", "-p", "tcp", "-m", "tcp", "--dport", "8099", "-j", "DNAT",
            "--to-destination", "172.17.0.2:80");
        CheckReportReader.By(agent).Says("host-docker", "warn", "DOCKER, DOCKER-USER");

        bed.Vm.Run("iptables", "-w", "-t", "nat", "-A", "DOCKER", "-p", "tcp", "-m", "tcp", "--dport", "8080", "-j", "DNAT",
            "--to-destination", "172.17.0.2:80");

        var taken = CheckReportReader.By(agent).Line("host-docker", "8080 (http)");
        Assert.Equal("fail", taken.Status);
        Assert.Contains("--network host", taken.Fix, StringComparison.Ordinal);
    }

    [Fact]
    public void RulesInTheOtherBackendWarnAndFailOnceTheyBlockAPort()
    {
        var bed = fixture.Bed;
        var agent = new VmAgent(bed);
        CheckReportReader.By(agent).Says("host-backends", "pass");
        try
        {
            bed.Vm.Run("iptables-legacy", "-w", "-A", "INPUT", "-p", "tcp", "--dport", "23", "-j", "DROP");
            CheckReportReader.By(agent).Says("host-backends", "warn", "iptables-legacy (1 rules)");

            bed.Vm.Run("iptables-legacy", "-w", "-A", "INPUT", "-p", "tcp", "--dport", "16400", "-j", "DROP");
            var report = CheckReportReader.By(agent);
            report.Says("host-backends", "fail", "iptables-legacy (2 rules)", "keeps 16400 out");
            Assert.Contains(
                report.Lines("ports-open", "16400 (agent)"),
                line => line is { Status: "fail", Found: "is blocked by INPUT of iptables-legacy (the other backend)" });

            bed.Vm.Run(
                "sh", "-ec", report.Line(
                    "host-backends").Command[report.Line("host-backends").Command.IndexOf("iptables-legacy", StringComparison.Ordinal)..]);
            CheckReportReader.By(agent).Says("host-backends", "pass");
        }
        finally
        {
            bed.Vm.Run("iptables-legacy", "-w", "-F");
        }
    }

    private static void Edit(VmAgent agent, string more) =>
        agent.WriteSettings(File.ReadAllText(Path.Combine(agent.ConfigFolder, "agent.yaml")) + more);
}
