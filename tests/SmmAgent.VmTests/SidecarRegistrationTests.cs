using SmmAgent.Bed;

namespace SmmAgent.VmTests;

/// <summary>Who asks why the mesh does not know the VM is told so.</summary>
public sealed class SidecarRegistrationTests(SidecarVmFixture fixture) : IClassFixture<SidecarVmFixture>
{
    private static readonly TimeSpan Minutes = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task WithoutTheGatewaysReconcileEndsWithThatAsTheCauseAndTheVmComesBackWithThem()
    {
        await using var vm = await fixture.BootMemberAsync();
        string[] gateways = [MeshBed.FirstGateway, MeshBed.SecondGateway];
        foreach (var gateway in gateways)
            await fixture.Bed.StopGatewayAsync(gateway);
        await vm.UntilToldAsync("GatewaysReachable", "False ", Minutes);
        await vm.UntilToldAsync("Registered", "False GatewayUnreachable: ", Minutes);

        // It waits for half of the time that is left.
        var (exitCode, output) = vm.Try(BootedVm.InstallPatience, "smm-agent", "reconcile", "--confirm-within", "30s");
        vm.Run("smm-agent", "confirm");

        Assert.Equal(5, exitCode);
        Assert.Matches("(?m)^✗ wait-for-registration ❯ not registered after 1[0-9] s: GatewayUnreachable: .*198\\.18\\.0\\.11", output);

        foreach (var gateway in gateways)
            await fixture.Bed.StartGatewayAsync(gateway);
        await vm.UntilToldAsync("Registered", "True ", Minutes);
    }
}
