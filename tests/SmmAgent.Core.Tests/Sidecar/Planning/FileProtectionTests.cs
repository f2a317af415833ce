using SmmAgent.Core.Sidecar.Configuration;
using SmmAgent.Core.Sidecar.Planning;
using SmmAgent.Core.Tokens;

namespace SmmAgent.Core.Tests.Sidecar.Planning;

/// <summary>The owner, the mode and the time of the files of the sidecar.</summary>
public sealed class FileProtectionTests
{
    private static readonly DesiredSidecar Desired = SidecarPlannerTests.Desired(SidecarPlannerTests.Installed);

    [Fact]
    public void FilesThatRootSourcesAreProtectedFromTheSidecarWithoutARestart()
    {
        var host = SidecarPlannerTests.Attached();
        var found = host.Files[SidecarFiles.ClusterEnvironment] with { Owner = "istio-proxy" };
        host.Files[SidecarFiles.ClusterEnvironment] = found;
        var plan = SidecarPlanner.Plan(Desired, host.Observe());
        Assert.Equal("write /etc/smm/sidecar/cluster.env (its owner is istio-proxy and its mode 0644, not root and 0644)", plan.ToString());

        host.Apply(plan);

        Assert.Equal(found with { Owner = "root" }, host.Files[SidecarFiles.ClusterEnvironment]);
        Assert.True(SidecarPlanner.Plan(Desired, host.Observe()).IsEmpty);
    }

    [Fact]
    public void FileWithATimeInTheFutureIsWrittenAgainSoThatOneRestartIsEnough()
    {
        var host = SidecarPlannerTests.Attached();
        var found = host.Files[SidecarFiles.MeshFile];
        host.Files[SidecarFiles.MeshFile] = found with { Modified = SimulatedHost.Now.AddYears(70), Owner = "istio-proxy" };
        var plan = SidecarPlanner.Plan(Desired, host.Observe() with { At = SimulatedHost.Now });
        Assert.Equal(
            "write /etc/istio/config/mesh (its modification time is in the future)\nrestart istio.service (/etc/istio/config/mesh "
                + "changed since its start)", plan.ToString());

        host.Apply(plan);

        Assert.True(SidecarPlanner.Plan(Desired, host.Observe() with { At = SimulatedHost.Now }).IsEmpty);
    }

    [Fact]
    public void TokenWithAWrongOwnerOrModeIsMadePrivateToTheSidecar()
    {
        var host = SidecarPlannerTests.Attached();
        host.Files[SidecarFiles.Token] = new("", "root", SidecarFiles.Private, SimulatedHost.Now);
        Assert.Equal(
            "protect /var/run/secrets/tokens/istio-token (its owner is root and its mode 0600, not istio-proxy and 0600)",
            SidecarPlanner.Plan(Desired, host.Observe()).ToString());

        host.Files[SidecarFiles.Token] = new("", "istio-proxy", SidecarFiles.Private | UnixFileMode.OtherRead, SimulatedHost.Now);
        host.Token = TokenVerdict.Renew;
        Assert.Equal(
            """
            protect /var/run/secrets/tokens/istio-token (its owner is istio-proxy and its mode 0604, not istio-proxy and 0600)
            fetch a new istio-token (Renew)
            """,
            SidecarPlanner.Plan(Desired, host.Observe()).ToString());
    }
}
