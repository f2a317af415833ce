using System.Diagnostics;
using SmmAgent.Testbed;

namespace SmmAgent.NetnsTests.Checks;

/// <summary>The groups address and network model.</summary>
public sealed class NetworkChecksTests(BedFixture fixture) : IClassFixture<BedFixture>
{
    [Fact]
    public void HealthyMeshShowsEveryGatewayPortWithItsLatency()
    {
        var report = CheckReportReader.By(NewVm(fixture.Bed));

        report.Says("network-model", "pass", "different network (vm-network-1; the control plane: network1)");
        var ports = report.Lines("network-reach");
        Assert.Equal(12, ports.Count);
        Assert.All(ports, port => Assert.True(port is { Status: "pass", LatencyMs: >= 0 }, $"{port}"));
        Assert.Contains(ports, port => port.Subject == $"{MeshTestbed.GatewayName} {MeshTestbed.SecondGateway}:15443");
        report.Says("address-source", "pass", $"{MeshTestbed.VmAddress}, as {MeshTestbed.EchoUrl} says");
        report.Says("address-own", "pass", $"{MeshTestbed.VmAddress} is an address of eth0");
        report.Says("address-reached", "skipped", "smm-agent is not running");
        Assert.Equal("sudo smm-agent reconcile", report.Line("address-reached").Fix);
    }

    [Fact]
    public async Task RefusingGatewayWarnsWhileAnotherAnswersAndFailsWhenNoneDoes()
    {
        var bed = fixture.Bed;
        var agent = NewVm(bed);
        await bed.StopGatewayAsync(MeshTestbed.SecondGateway);
        try
        {
            var one = CheckReportReader.By(agent).Line("network-reach", $"{MeshTestbed.GatewayName} {MeshTestbed.SecondGateway}:15012");
            Assert.Equal(("warn", "refused the connection"), (one.Status, one.Found));

            await bed.StopGatewayAsync(MeshTestbed.FirstGateway);
            var report = CheckReportReader.By(agent);
            Assert.Equal("fail", report.Line("network-reach", $"{MeshTestbed.GatewayName} {MeshTestbed.FirstGateway}:15012").Status);
            Assert.Equal("warn", report.Line("network-reach", $"{MeshTestbed.GatewayName} {MeshTestbed.FirstGateway}:50600").Status);
            report.Says("address-source", "fail", MeshTestbed.EchoUrl); // the echo ended with the first gateway
            Assert.Equal("sudo smm-agent set node-ip ADDRESS", report.Line("address-source").Fix);
        }
        finally
        {
            await bed.StopGatewayAsync(MeshTestbed.FirstGateway);
            await bed.StartGatewayAsync(MeshTestbed.FirstGateway, echo: true);
            await bed.StartGatewayAsync(MeshTestbed.SecondGateway);
        }
    }

    [Fact]
    public void DroppingGatewaysAreReportedWithinTheTimeOfOneRun()
    {
        var bed = fixture.Bed;
        var agent = NewVm(bed);
        foreach (var gateway in (string[])[MeshTestbed.FirstGateway, MeshTestbed.SecondGateway])
            bed.Cluster.Run("iptables", "-w", "-A", "INPUT", "-d", gateway, "-j", "DROP");
        try
        {
            var (report, took) = Timed(agent);

            Assert.All(report.Lines("network-reach"), port => Assert.Equal("did not answer within 3 s", port.Found));
            Assert.Contains(report.Lines("network-reach"), port => port.Status == "fail");
            Assert.InRange(took, TimeSpan.Zero, TimeSpan.FromSeconds(15));
        }
        finally
        {
            bed.Cluster.Run("iptables", "-w", "-F", "INPUT");
        }
    }

    [Fact]
    public void ClusterThatDropsEverythingDoesNotDelayTheRun()
    {
        var bed = fixture.Bed;
        var agent = NewVm(bed);
        bed.Cluster.Run("iptables", "-w", "-A", "INPUT", "-i", "eth0", "-j", "DROP");
        try
        {
            var (report, took) = Timed(agent);

            Assert.Equal(1, report.ExitCode);
            report.Says("network-model", "skipped");
            report.Says("address-source", "fail");
            Assert.InRange(took, TimeSpan.Zero, TimeSpan.FromSeconds(15));
        }
        finally
        {
            bed.Cluster.Run("iptables", "-w", "-F", "INPUT");
        }
    }

    [Fact]
    public async Task WorkloadGroupInTheControlPlaneNetworkFailsWhenNoPodIsReachable()
    {
        var bed = fixture.Bed;
        var agent = NewVm(bed);
        try
        {
            Use("network1");
            var nothing = await CheckReportReader.UntilAsync(
                agent, report => report.Line("network-model").Found.StartsWith("same network", StringComparison.Ordinal),
                "the network is the control plane's");
            nothing.Says("network-model", "warn", "names no direct endpoint");

            Use("network1", ("istiod", "198.18.0.55", 15012));
            var unreachable = await CheckReportReader.UntilAsync(
                agent, report => report.Line("network-model").Status == "fail", "no pod is reached");
            unreachable.Says("network-model", "fail", "same network (network1)", "the WorkloadGroup's network is probably wrong");
            Assert.Contains(".spec.network of WorkloadGroup vm-integration/analytics-v0", unreachable.Line("network-model").Fix,
                StringComparison.Ordinal);
            Assert.Contains("vm-network-1", unreachable.Line("network-model").Fix, StringComparison.Ordinal);
            Assert.Equal("fail", unreachable.Line("network-reach").Status);

            Use("network1", ("istiod", MeshTestbed.FirstGateway, 15012));
            var reached = await CheckReportReader.UntilAsync(
                agent, report => report.Line("network-model").Status == "pass", "a pod is reached");
            Assert.Equal(("pass", $"istiod {MeshTestbed.FirstGateway}:15012"),
                (reached.Line("network-reach").Status, reached.Line("network-reach").Subject));
            reached.Says("address-source", "pass", $"{MeshTestbed.VmAddress}, the source address of the route to istiod");
        }
        finally
        {
            Use("vm-network-1");
            await CheckReportReader.UntilAsync(agent, report => report.Lines("network-reach").Count == 12, "the gateways are back");
        }

        void Use(string network, params (string, string, int)[] endpoints)
        {
            (bed.Mesh.Network, bed.Mesh.DirectEndpoints) = (network, endpoints);
            bed.Mesh.Write();
        }
    }

    [Fact]
    public async Task DialBackOfTheClusterIsReportedWithTheDaemon()
    {
        var bed = fixture.Bed;
        await using var agent = NewVm(bed);
        await agent.StartAndBeReadyAsync();
        await agent.UntilAsync(
            () => agent.Condition("GatewaysReachable").Reason == "Reachable" && agent.Condition("PortsOpen").Status == "True"
                && agent.Condition("ReachableFromCluster").Reason == "Reached" && agent.Condition("AddressKnown").Reason == "Known",
            "all that is asked below is known");

        var well = CheckReportReader.By(agent);
        Assert.Contains("the cluster demo-cluster reaches all 4 ports", well.Lines("address-reached")[0].Found, StringComparison.Ordinal);
        Assert.Equal("pass", well.Lines("address-reached")[0].Status);
        Assert.StartsWith("are not verified", well.Line("address-reached", "other member clusters").Found, StringComparison.Ordinal);
        Assert.Equal("is reached", well.Line("address-reached", "16400 (agent)").Found);
        Assert.Equal($"is served by smm-agent (pid {agent.Process!.Id})", well.Line("ports-agent", "16400").Found);
        Assert.Equal("pass", well.Line("ports-open", "16400 (agent)").Status);
        well.Says("address-source", "pass", "(used by the running daemon)");

        var nobody = CheckReportReader.ByNobody(bed, agent.Root);
        nobody.Says("network-model", "pass", "the daemon reports: different-network");
        nobody.Says("network-reach", "pass", "the daemon reports: all 2 gateway addresses answer on every port");
        nobody.Says("ports-open", "pass", "the daemon reports: 8080, 8082, 16400, 16401 open");
        Assert.Equal(["8080 (http)", "8082 (grpc)"], nobody.Lines("ports-workload").Select(line => line.Subject));

        try
        {
            bed.Cluster.Run("iptables", "-w", "-A", "OUTPUT", "-p", "tcp", "--dport", "8082", "-j", "DROP");
            agent.Process.Signal(Signals.Hangup);
            await agent.UntilConditionAsync("ReachableFromCluster", "True", "Degraded", TimeSpan.FromSeconds(60));
            var half = CheckReportReader.By(agent);
            Assert.Equal("warn", half.Lines("address-reached")[0].Status);
            Assert.Equal(("warn", "is not reached"),
                (half.Line("address-reached", "8082 (grpc)").Status, half.Line("address-reached", "8082 (grpc)").Found));

            bed.Cluster.Run("iptables", "-w", "-A", "OUTPUT", "-p", "tcp", "--dport", "16400", "-j", "DROP");
            agent.Process.Signal(Signals.Hangup);
            await agent.UntilConditionAsync("ReachableFromCluster", "False", "TimedOut", TimeSpan.FromSeconds(60));
            var down = CheckReportReader.By(agent);
            Assert.Equal("fail", down.Lines("address-reached")[0].Status);
            Assert.Equal("fail", down.Line("address-reached", "16400 (agent)").Status);
        }
        finally
        {
            bed.Cluster.Run("iptables", "-w", "-F", "OUTPUT");
        }
    }

    [Fact]
    public async Task ForeignAddressAndRememberedAddressAreWarnings()
    {
        var bed = fixture.Bed;
        await using var agent = NewVm(bed);
        await agent.StartAndBeReadyAsync();
        await agent.UntilConditionAsync("AddressKnown", "True", "Known");
        await agent.StopAsync();
        File.Delete(agent.StatusFile);
        bed.Cluster.Run("iptables", "-w", "-A", "INPUT", "-p", "tcp", "--dport", "8088", "-j", "REJECT");
        try
        {
            CheckReportReader.By(agent).Says("address-source", "warn", $"{MeshTestbed.VmAddress}, last confirmed");
        }
        finally
        {
            bed.Cluster.Run("iptables", "-w", "-F", "INPUT");
        }

        agent.WriteSettings(
            (await File.ReadAllTextAsync(Path.Combine(agent.ConfigFolder, "agent.yaml"), TestContext.Current.CancellationToken))
            .Replace("ip: auto", "ip: 198.18.0.77", StringComparison.Ordinal));
        var report = CheckReportReader.By(agent);
        report.Says("address-source", "pass", "198.18.0.77, as configured in node.ip");
        report.Says("address-own", "warn", "198.18.0.77 is none of this VM's own addresses", MeshTestbed.VmAddress);
    }

    /// <summary>The bed's VM without what the daemon of another test remembers.</summary>
    private static VmAgent NewVm(MeshTestbed bed)
    {
        var agent = new VmAgent(bed);
        File.Delete(agent.StatusFile);
        if (Path.Combine(agent.Root, "var") is var state && Directory.Exists(state))
            Directory.Delete(state, recursive: true);
        return agent;
    }

    private static (CheckReportReader Report, TimeSpan Took) Timed(VmAgent agent)
    {
        var watch = Stopwatch.StartNew();
        return (CheckReportReader.By(agent), watch.Elapsed);
    }
}
