using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace SmmAgent.VmTests;

/// <summary>
/// The fixture of the sidecar tests has an agent configured for https, gateways in front of the dashboard's registration, and packages to
/// download.
/// </summary>
public sealed class SidecarVmFixtureTests(SidecarVmFixture fixture) : IClassFixture<SidecarVmFixture>
{
    [Theory]
    [InlineData(Distribution.Usual)]
    [InlineData(Distribution.Rpm)]
    public async Task FixtureAgentReachesTheGatewaysAndThePackages(string distribution)
    {
        await using var vm = await fixture.BootAsync(distribution);

        vm.Run("smm-agent", "reconcile");

        await vm.UntilAsync(() => vm.Condition("GatewaysReachable") == "True", "the gateways are reached");
        foreach (var offer in (Action<string>[])[fixture.OfferFailing, fixture.Offer])
        {
            offer(SidecarPackages.NewerVersion);
            AllAreServed();
        }

        fixture.Offer(SidecarPackages.Version);
        AllAreServed();

        void AllAreServed() => Assert.All(fixture.Testbed.Mesh.Packages, package => Assert.StartsWith(
            package.Sha256,
            vm.Run("sh", "-c", $"curl -fsS --cacert /etc/smm/dashboard-ca.pem {fixture.Testbed.DashboardUrl}{package.Path} | sha256sum"),
            StringComparison.Ordinal));
    }

    [Fact]
    public async Task FixtureMeshMovesToAnotherRevisionAndVersion()
    {
        await using var vm = await fixture.BootAsync();
        vm.Run("smm-agent", "reconcile");
        await vm.UntilAsync(() => vm.Condition("ConfigCurrent") == "True", "the agent has a configuration");
        try
        {
            fixture.Testbed.Mesh.Revision = Testbed.MeshFile.NextRevision;
            fixture.Testbed.Mesh.ServiceAccount = "analytics";
            fixture.Testbed.Mesh.Probe = "{ tcpSocket: { port: 8080 } }";
            fixture.Testbed.Mesh.Labels = [("app", "analytics"), ("tier", "back")];
            fixture.Testbed.Mesh.GroupAnnotations = [("note", "it's"), ("proxy.istio.io/config", "holdApplicationUntilProxyStarts: true")];
            fixture.Offer(SidecarPackages.NewerVersion);

            await Until.TrueAsync(
                () => Received(vm).Contains("\"istioRevision\":\"cp-v116x\"", StringComparison.Ordinal),
                "the agent has the new configuration",
                lastSeen: () => $"{Received(vm)}\n{fixture.Testbed.Dashboard!.Output}");

            foreach (var expected in (string[])[
                "\"istioVersion\":\"1.15.4\"", "\"serviceAccount\":\"analytics\"", "\"probe\":{\"tcpSocket\"", "istio-sidecar_1.15.4"])
                Assert.Contains(expected, Received(vm), StringComparison.Ordinal);
            await vm.UntilAsync(() => vm.Condition("GatewaysReachable") == "True", "the gateways answer to the new name");
        }
        finally
        {
            fixture.Testbed.Mesh.Revision = Testbed.MeshFile.UsualRevision;
            fixture.Testbed.Mesh.ServiceAccount = "default";
            fixture.Testbed.Mesh.Probe = null;
            (fixture.Testbed.Mesh.Labels, fixture.Testbed.Mesh.GroupAnnotations) = ([("app", "analytics"), ("version", "v0")], []);
            fixture.Offer(SidecarPackages.Version);
        }
    }

    // The mesh configuration as the agent received it last.
    private static string Received(BootedVm vm) =>
        Encoding.UTF8.GetString(JsonNode.Parse(vm.Run("cat", "/var/lib/smm-agent/mesh-config.json"))!["body"].Deserialize<byte[]>()!);
}
