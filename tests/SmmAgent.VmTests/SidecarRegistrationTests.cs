using SmmAgent.Testbed;

namespace SmmAgent.VmTests;

/// <summary>The agent reports why a VM is not registered.</summary>
public sealed class SidecarRegistrationTests(SidecarVmFixture fixture) : IClassFixture<SidecarVmFixture>
{
    private static readonly TimeSpan Minutes = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task ReconcileWithoutGatewaysReportsTheCauseAndTheVmRecoversWithThem()
    {
        await using var vm = await fixture.BootMemberAsync();
        string[] gateways = [MeshTestbed.FirstGateway, MeshTestbed.SecondGateway];
        foreach (var gateway in gateways)
            await fixture.Testbed.StopGatewayAsync(gateway);
        await vm.UntilConditionAsync("GatewaysReachable", "False ", Minutes);
        await vm.UntilConditionAsync("Registered", "False GatewayUnreachable: ", Minutes);

        // It waits for half of the remaining time.
        var (exitCode, output) = vm.Try(BootedVm.InstallPatience, "smm-agent", "reconcile", "--confirm-within", "30s");
        vm.Run("smm-agent", "confirm");

        Assert.Equal(5, exitCode);
        Assert.Matches("(?m)^✗ wait-for-registration ❯ not registered after 1[0-9] s: GatewayUnreachable: .*198\\.18\\.0\\.11", output);

        foreach (var gateway in gateways)
            await fixture.Testbed.StartGatewayAsync(gateway);
        await vm.UntilConditionAsync("Registered", "True ", Minutes);
    }

    [Fact]
    public async Task RefusedTokenAndForeignCertificateAreReplacedAndDetachRemovesTheKey()
    {
        await using var vm = await fixture.BootMemberAsync();
        var sidecar = new StandInSidecar(fixture.Testbed, vm);
        var refused = SidecarToken.CreateUntrusted(DateTimeOffset.UtcNow + SidecarToken.Life);
        sidecar.WriteToken(refused);
        vm.Run("rm", "/etc/certs/cert-chain.pem", "/etc/certs/key.pem");
        vm.Run("systemctl", "restart", StandInSidecar.Unit);

        await sidecar.UntilAsync(
            () => sidecar.Read("/run/secrets/tokens/istio-token") != refused, "the refused token is replaced", Minutes);
        await sidecar.UntilReadyAsync();
        await vm.UntilConditionAsync("Registered", "True ", Minutes);
        Assert.Equal(2, sidecar.Starts.Length);

        new SidecarCertificate(fixture.Testbed, vm).Write("other");
        vm.Run("systemctl", "restart", StandInSidecar.Unit);

        // The restart by the agent, beside that of the test.
        await sidecar.UntilAsync(() => sidecar.Starts.Length == 4, "the agent restarts the sidecar", Minutes);
        await sidecar.UntilReadyAsync();
        await vm.UntilConditionAsync("Registered", "True ", Minutes);
        Assert.Contains("its identity is spiffe://cluster.local/ns/vm-integration/sa/other, but this VM has ",
            vm.Run("journalctl", "--no-pager", "-o", "cat", "-u", "smm-agent-reconcile.service"), StringComparison.Ordinal);
        Assert.Equal(0, vm.Try("test", "-e", "/etc/certs/key.pem").ExitCode);

        // The user of the sidecar writes such a certificate again, with a time before the start of the sidecar.
        new SidecarCertificate(fixture.Testbed, vm).Write("other");
        vm.Run("touch", "-d", "1 hour ago", "/etc/certs/cert-chain.pem");
        await vm.UntilConditionAsync("SidecarCurrent", "False OtherIdentity", Minutes);
        vm.RunAtMost(BootedVm.InstallPatience, "smm-agent", "reconcile");
        Assert.Equal(4, sidecar.Starts.Length);

        vm.RunAtMost(BootedVm.InstallPatience, "smm-agent", "detach");
        Assert.Equal(1, vm.Try("test", "-e", "/etc/certs/key.pem").ExitCode);
        Assert.Equal(1, vm.Try("test", "-e", "/etc/certs/cert-chain.pem").ExitCode);
    }
}
