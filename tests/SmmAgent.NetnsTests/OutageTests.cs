using SmmAgent.Testbed;

namespace SmmAgent.NetnsTests;

/// <summary>Gateways and the dashboard appear, disappear and move; the published agent reports it and stays attached.</summary>
public sealed class OutageTests(BedFixture fixture) : IClassFixture<BedFixture>
{
    private static readonly TimeSpan OneRoundAndItsConfirmation = TimeSpan.FromSeconds(75);

    [Fact]
    public async Task OneUnreachableGatewayOfTwoIsReportedAsDegraded()
    {
        var bed = fixture.Bed;
        await using var agent = new VmAgent(bed);
        await agent.StartAndBeReadyAsync();
        await agent.UntilConditionAsync("GatewaysReachable", "True", "Reachable");

        await bed.StopGatewayAsync(MeshTestbed.SecondGateway);
        try
        {
            // The result of a probe that was running at that time is reported first.
            await agent.UntilAsync(
                () => agent.Condition("GatewaysReachable") is { Status: "True", Reason: "Degraded", Message: var message }
                    && message.Contains($"{MeshTestbed.SecondGateway}:15012 refused the connection", StringComparison.Ordinal),
                "the gateway is named as refusing",
                OneRoundAndItsConfirmation);
            await agent.UntilAsync(() => agent.Systemd!.Status.Contains(MeshTestbed.SecondGateway, StringComparison.Ordinal),
                "STATUS= names the gateway");
            await agent.UntilAsync(() => bed.LastReport().Contains("\"reason\":\"Degraded\"", StringComparison.Ordinal),
                "the dashboard received the report");
        }
        finally
        {
            await bed.StartGatewayAsync(MeshTestbed.SecondGateway);
        }

        await agent.UntilConditionAsync("GatewaysReachable", "True", "Reachable", OneRoundAndItsConfirmation);
    }

    [Fact]
    public async Task InputChainThatDropsRepliesIsReportedInsteadOfFirewallsOnTheWay()
    {
        var bed = fixture.Bed;
        await using var agent = new VmAgent(bed);
        await agent.StartAndBeReadyAsync();
        await agent.UntilConditionAsync("GatewaysReachable", "True", "Reachable");

        string[] rule = ["INPUT", "-m", "conntrack", "--ctstate", "ESTABLISHED,RELATED", "-j", "ACCEPT"];
        bed.Vm.Run(["iptables", "-w", "-D", .. rule]);
        try
        {
            await agent.UntilConditionAsync("GatewaysReachable", "False", "RepliesDropped", OneRoundAndItsConfirmation);
            Assert.EndsWith(
                "; INPUT drops replies to the VM's own connections; sudo iptables -I INPUT -m conntrack --ctstate "
                    + "ESTABLISHED,RELATED -j ACCEPT",
                agent.Condition("GatewaysReachable").Message,
                StringComparison.Ordinal);
            await agent.UntilConditionAsync("DashboardReachable", "False", "RepliesDropped");
        }
        finally
        {
            bed.Vm.Run(["iptables", "-w", "-I", .. rule]);
        }

        await agent.UntilConditionAsync("GatewaysReachable", "True", "Reachable", OneRoundAndItsConfirmation);
    }

    [Fact]
    public async Task GatewayNameIsResolvedAgainWhenItsAddressesChange()
    {
        var bed = fixture.Bed;
        bed.Vm.SetHosts(("gw.example.com", MeshTestbed.FirstGateway));
        bed.Mesh.Gateways = [(MeshTestbed.GatewayName, ["gw.example.com"])];
        bed.Mesh.Write();
        try
        {
            await using var agent = new VmAgent(bed);
            await agent.StartAndBeReadyAsync();
            await agent.UntilAsync(() => GatewayAddresses(agent).SetEquals([MeshTestbed.FirstGateway]), "the name's address is probed");

            bed.Vm.SetHosts(("gw.example.com", MeshTestbed.SecondGateway));
            agent.Process!.Signal(Signals.Hangup);

            await agent.UntilAsync(() => GatewayAddresses(agent).SetEquals([MeshTestbed.SecondGateway]), "the new address is probed");
            await agent.UntilConditionAsync("GatewaysReachable", "True", "Reachable");
        }
        finally
        {
            bed.Vm.SetHosts();
            bed.Mesh.Gateways = [(MeshTestbed.GatewayName, [MeshTestbed.FirstGateway, MeshTestbed.SecondGateway])];
            bed.Mesh.Write();
        }
    }

    [Fact]
    public async Task RestartDuringADashboardOutageUsesTheLastGoodConfiguration()
    {
        var bed = fixture.Bed;
        await using var agent = new VmAgent(bed);
        await agent.StartAndBeReadyAsync();
        await agent.UntilConditionAsync("ConfigCurrent", "True");
        await agent.UntilAsync(() => Firewall.Opens(bed, 8080), "8080 is open");

        await bed.StopDashboardAsync();
        try
        {
            await agent.UntilConditionAsync("DashboardReachable", "False", "Refused");
            await agent.UntilConditionAsync("ConfigCurrent", "False", "DashboardUnreachable");
            Assert.Contains("last good", agent.Condition("ConfigCurrent").Message, StringComparison.Ordinal);

            await agent.StopAsync();
            bed.Vm.Run("iptables", "-w", "-F", "SMM-AGENT");
            await agent.StartAndBeReadyAsync();
            await agent.UntilAsync(() => Firewall.Opens(bed, 8080), "8080 is open again, without the dashboard");
            await agent.UntilConditionAsync("AddressKnown", "True");
        }
        finally
        {
            await bed.StartDashboardAsync();
        }

        await agent.UntilConditionAsync("DashboardReachable", "True", patience: OneRoundAndItsConfirmation);
        await agent.UntilConditionAsync("ConfigCurrent", "True", patience: OneRoundAndItsConfirmation);
    }

    [Fact]
    public async Task ChangedWorkloadGroupOpensNewPortsAndClosesRemovedOnes()
    {
        var bed = fixture.Bed;
        await using var agent = new VmAgent(bed);
        await agent.StartAndBeReadyAsync();
        await agent.UntilAsync(() => Firewall.Opens(bed, 8082), "8082 is open");

        bed.Mesh.Ports = [("http", 8080), ("metrics", 9100)];
        bed.Mesh.Write();
        try
        {
            await agent.UntilAsync(() => Firewall.Opens(bed, 9100), "9100 is open");
            Assert.False(Firewall.Opens(bed, 8082));
        }
        finally
        {
            bed.Mesh.Ports = [("http", 8080), ("grpc", 8082)];
            bed.Mesh.Write();
        }
    }

    [Fact]
    public async Task ChangedHostAddressIsReported()
    {
        var bed = fixture.Bed;
        const string Second = "198.18.0.101";
        await using var agent = new VmAgent(bed);
        await agent.StartAndBeReadyAsync();
        await agent.UntilConditionAsync("ReachableFromCluster", "True");

        bed.Vm.Run("ip", "address", "add", $"{Second}/24", "dev", "eth0");
        bed.Vm.Run("ip", "route", "change", "198.18.0.0/24", "dev", "eth0", "src", Second);
        try
        {
            await agent.UntilAsync(() => (string?)agent.Status()?["address"]?["value"] == Second, $"the address is {Second}");
            await agent.UntilAsync(() => bed.LastReport().Contains($"\"{Second}\"", StringComparison.Ordinal),
                "the dashboard received the report");
        }
        finally
        {
            bed.Vm.Run("ip", "address", "delete", $"{Second}/24", "dev", "eth0");
            bed.Vm.Run("ip", "route", "replace", "198.18.0.0/24", "dev", "eth0", "src", MeshTestbed.VmAddress);
        }

        await agent.UntilAsync(() => (string?)agent.Status()?["address"]?["value"] == MeshTestbed.VmAddress,
            "the address is the first again");
    }

    [Fact]
    public async Task SameNetworkModelProbesDirectEndpointsAndUsesTheRouteAddress()
    {
        var bed = fixture.Bed;
        bed.Mesh.Network = "network1";
        bed.Mesh.DirectEndpoints = [("istiod", MeshTestbed.FirstGateway, 15012)];
        bed.Mesh.Write();
        try
        {
            await using var agent = new VmAgent(bed);
            await agent.StartAndBeReadyAsync();

            await agent.UntilAsync(() => (string?)agent.Status()?["network"]?["model"] == "same-network", "the model is same-network");
            await agent.UntilConditionAsync("GatewaysReachable", "True", "Reachable");
            await agent.UntilAsync(() => (string?)agent.Status()?["address"]?["source"] == "route", "the address is the route's");
            Assert.Equal(MeshTestbed.VmAddress, (string?)agent.Status()!["address"]!["value"]);
        }
        finally
        {
            bed.Mesh.Network = "vm-network-1";
            bed.Mesh.DirectEndpoints = [];
            bed.Mesh.Write();
        }
    }

    [Fact]
    public async Task RefusedTokenIsReportedAndDetachesNothing()
    {
        var bed = fixture.Bed;
        await using var agent = new VmAgent(bed);
        await agent.StartAndBeReadyAsync();
        await agent.UntilConditionAsync("ConfigCurrent", "True");
        await agent.UntilAsync(() => Firewall.Opens(bed, 8080), "8080 is open");

        agent.WriteToken("somebody-elses-token");

        await agent.UntilConditionAsync("ConfigCurrent", "False", "TokenRefused");
        Assert.DoesNotContain("somebody-elses-token", agent.Condition("ConfigCurrent").Message, StringComparison.Ordinal);
        Assert.True(Firewall.Opens(bed, 8080));

        agent.WriteToken(bed.Mesh.Token);
        await agent.UntilConditionAsync("ConfigCurrent", "True");
    }

    private static HashSet<string> GatewayAddresses(VmAgent agent) =>
        [.. agent.Status()?["gateways"]?.AsArray().Select(gateway => (string)gateway!["address"]!) ?? []];
}
