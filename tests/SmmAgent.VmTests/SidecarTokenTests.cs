using SmmAgent.Testbed;
using SmmAgent.Core.Tokens;

namespace SmmAgent.VmTests;

/// <summary>The token of the sidecar is renewed in time, for months.</summary>
public sealed class SidecarTokenTests(SidecarVmFixture fixture) : IClassFixture<SidecarVmFixture>
{
    private const string Kept = "/var/lib/smm-agent-host/istio-token";

    [Fact]
    public async Task SidecarTokenIsRenewedAtHalfItsLifetimeAndReplacedAfterAnOutage()
    {
        await using var vm = await fixture.BootMemberAsync();
        var sidecar = new StandInSidecar(fixture.Testbed, vm);
        var half = DateTimeOffset.UtcNow + TimeSpan.FromSeconds(8);
        Put(half + (SidecarToken.Life / 2));

        await vm.UntilAsync(() => Issued() > half - (SidecarToken.Life / 4), "there is another token", TimeSpan.FromMinutes(2));
        Assert.True(Issued() >= half - TimeSpan.FromSeconds(1), "it was renewed before half its life was over");
        Assert.Equal("istio-proxy 600\n", vm.Run("stat", "-c", "%U %a", "/run/secrets/tokens/istio-token"));
        Assert.Equal(Token(), vm.Run("cat", Kept));
        await vm.UntilConditionAsync("SidecarCurrent", "True Current");

        string[] fromVm = ["INPUT", "-i", "eth0", "-p", "tcp", "--dport", "8443", "-j", "REJECT", "--reject-with", "tcp-reset"];
        fixture.Testbed.Cluster.Run(["iptables", "-w", "-I", .. fromVm]);
        try
        {
            Put(DateTimeOffset.UtcNow + TimeSpan.FromSeconds(3));
            await vm.UntilConditionAsync("SidecarCurrent", "False TokenExpired: the istio-token expired at ", TimeSpan.FromMinutes(1));
            // The cluster removes the VM, which has no certificate with which it could register.
            vm.Run("rm", "/etc/certs/cert-chain.pem", "/etc/certs/key.pem");
            await fixture.Testbed.StopDashboardAsync();
            await fixture.Testbed.StartDashboardAsync();
            await vm.UntilConditionAsync("Registered", "False TokenExpired: the istio-token expired at ", TimeSpan.FromMinutes(1));
            await vm.UntilConditionAsync("GatewaysReachable", "True");
            Assert.Equal(("True", "True"), (vm.Condition("SidecarRunning"), vm.Condition("PortsOpen")));
            Assert.True(fixture.Testbed.ClusterReaches(MeshTestbed.VmAddress, 8080));
        }
        finally
        {
            fixture.Testbed.Cluster.Run(["iptables", "-w", "-D", .. fromVm]);
        }

        await vm.UntilConditionAsync("SidecarCurrent", "True Current", TimeSpan.FromMinutes(1));
        await vm.UntilConditionAsync("Registered", "True ", TimeSpan.FromMinutes(1));
        Assert.Single(sidecar.Starts);

        string Token() => vm.Run("cat", "/run/secrets/tokens/istio-token");

        DateTimeOffset Issued() => TokenClaims.Read(Token())!.IssuedAt!.Value;

        // The agent does not verify the token, and the cluster must refuse it.
        void Put(DateTimeOffset expiry)
        {
            var token = SidecarToken.CreateUntrusted(expiry);
            vm.Run("sh", "-c", $"printf %s {token} >{Kept}");
            sidecar.WriteToken(token);
        }
    }
}
