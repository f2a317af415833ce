using SmmAgent.Testbed;
using SmmAgent.Testbed.Kube;

namespace SmmAgent.NetnsTests.Kubernetes;

/// <summary>
/// The published agent with a dashboard that reads a real API server: attach, follow, outage, registration and revocation.
/// </summary>
public sealed class KubernetesModeTests(KubernetesBedFixture fixture) : IClassFixture<KubernetesBedFixture>
{
    [Fact]
    public async Task VmIsAttachedAndListedAndItsRegistrationFollowsTheWorkloadEntry()
    {
        var cluster = fixture.Bed.Kubernetes!;
        await using var agent = await AttachAsync();
        foreach (var condition in (string[])["AddressKnown", "GatewaysReachable", "PortsOpen", "ReachableFromCluster"])
            await agent.UntilConditionAsync(condition, "True");
        Assert.True(fixture.Bed.ClusterReaches(MeshTestbed.VmAddress, 8080));
        await agent.UntilConditionAsync("Registered", "False", "NotConnected");

        var uuid = agent.Uuid();
        await agent.UntilAsync(() => FleetRow(uuid).Contains(MeshTestbed.VmAddress, StringComparison.Ordinal),
            $"kubectl get am shows {uuid}: {FleetRow(uuid)}");
        cluster.MakeWorkloadEntry(uuid);
        try
        {
            agent.Process!.Signal(Signals.Hangup);
            await agent.UntilConditionAsync("Registered", "True");
        }
        finally
        {
            cluster.Server.Kubectl("-n", "vm-integration", "delete", "workloadentry", "--all");
        }

        await agent.StopAsync();
        Assert.Contains("✓ reported the detach to the dashboard\n", agent.Run("detach").Output, StringComparison.Ordinal);
        // Before the dashboard answers, the object is written: CONNECTED, ATTACHED and REASON.
        Assert.Matches("False +False +Detached", FleetRow(uuid));
    }

    [Fact]
    public async Task NewAddressOfAGatewayIsProbed()
    {
        var bed = fixture.Bed;
        await using var agent = await AttachAsync();
        await agent.UntilConditionAsync("GatewaysReachable", "True");
        await bed.StartGatewayAsync(MeshTestbed.ThirdGateway);
        bed.Kubernetes!.SetGateways(MeshTestbed.FirstGateway, MeshTestbed.ThirdGateway);
        try
        {
            await agent.UntilAsync(
                () => agent.Status()?["gateways"]?.ToJsonString().Contains(MeshTestbed.ThirdGateway, StringComparison.Ordinal) == true,
                "the new address is probed");
        }
        finally
        {
            bed.Kubernetes.SetGateways(MeshTestbed.FirstGateway, MeshTestbed.SecondGateway);
            await bed.StopGatewayAsync(MeshTestbed.ThirdGateway);
        }
    }

    [Fact]
    public async Task VmStaysAttachedWithoutAReplicaAndThenWithoutTheApiServer()
    {
        var cluster = fixture.Bed.Kubernetes!;
        await using var agent = await AttachAsync();
        await agent.UntilConditionAsync("ReachableFromCluster", "True");
        await cluster.KillReplicaAsync(0);
        try
        {
            agent.Process!.Signal(Signals.Hangup);
            await agent.UntilConditionAsync("ConfigCurrent", "True");
            await agent.UntilConditionAsync("ReachableFromCluster", "True");
        }
        finally
        {
            await cluster.StartReplicaAsync(0);
        }

        var failing = cluster.FailingWatches();
        await cluster.Server.KillAsync();
        try
        {
            // Both replicas answer from memory: the token of this VM was reviewed a moment ago by the one that it asked.
            agent.Process!.Signal(Signals.Hangup);
            await agent.UntilConditionAsync("DashboardReachable", "True");
            Assert.Contains("--dport 8080", fixture.Bed.Vm.Run("iptables-save", "-t", "filter"), StringComparison.Ordinal);
        }
        finally
        {
            await cluster.Server.StartServerAsync();
            await cluster.UntilWatchesAreCurrentAsync(failing);
        }

        await agent.UntilConditionAsync("ConfigCurrent", "True", patience: TimeSpan.FromSeconds(90));
    }

    [Fact]
    public async Task TokenEndsWithItsSecret()
    {
        var cluster = fixture.Bed.Kubernetes!;
        await using var agent = await AttachAsync();
        await cluster.RevokeAsync();
        try
        {
            // A replica remembers a review for two minutes; a new one does not.
            foreach (var replica in (int[])[0, 1])
            {
                await cluster.KillReplicaAsync(replica);
                await cluster.StartReplicaAsync(replica);
            }

            await agent.UntilConditionAsync("ConfigCurrent", "False", patience: TimeSpan.FromSeconds(75));
            Assert.Contains("--dport 8080", fixture.Bed.Vm.Run("iptables-save", "-t", "filter"), StringComparison.Ordinal);
        }
        finally
        {
            cluster.Server.Kubectl("-n", "vm-integration", "create", "secret", "generic", KubernetesCluster.VmSecret);
            fixture.Bed.Mesh.Token = cluster.MakeToken();
        }
    }

    [Fact]
    public async Task TokenIsRenewedBeforeItExpiresAndTheVmStaysAttached()
    {
        var cluster = fixture.Bed.Kubernetes!;
        fixture.Bed.Mesh.Token = cluster.MakeOldToken(age: TimeSpan.FromMinutes(5), left: TimeSpan.FromSeconds(40));
        try
        {
            await using var agent = await AttachAsync();
            var kept = Path.Combine(agent.Root, "var/lib/smm-agent/renewed-token.json");
            await agent.UntilAsync(() => File.Exists(kept), "the renewed token is kept", TimeSpan.FromSeconds(35));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(kept));
            await agent.UntilAsync(() => DateTimeOffset.UtcNow > Expiry(cluster.Token), "the operator's token has ended",
                TimeSpan.FromSeconds(60));
            await cluster.KillReplicaAsync(0); // what it remembers of the tokens, too
            await cluster.StartReplicaAsync(0);
            await cluster.KillReplicaAsync(1);
            await cluster.StartReplicaAsync(1);
            agent.Process!.Signal(Signals.Hangup);
            await agent.UntilConditionAsync("DashboardReachable", "True");
            await agent.UntilConditionAsync("ConfigCurrent", "True");
            await agent.UntilConditionAsync("TokenCurrent", "True");
        }
        finally
        {
            fixture.Bed.Mesh.Token = cluster.MakeToken();
        }
    }

    private static DateTimeOffset Expiry(string token) => SmmAgent.Core.Tokens.TokenClaims.Read(token)!.Expires!.Value;

    private async Task<VmAgent> AttachAsync()
    {
        var agent = new VmAgent(fixture.Bed);
        await agent.StartAndBeReadyAsync();
        await agent.UntilConditionAsync("ConfigCurrent", "True");
        return agent;
    }

    private string FleetRow(string uuid) =>
        fixture.Bed.Kubernetes!.Server.Kubectl("get", "am", "-A").Split('\n')
        .FirstOrDefault(line => line.Contains(uuid, StringComparison.Ordinal)) ?? "";
}
