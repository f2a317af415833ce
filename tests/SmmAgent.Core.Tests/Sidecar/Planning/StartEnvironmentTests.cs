using SmmAgent.Core.Packages;
using SmmAgent.Core.Planning;
using SmmAgent.Core.Sidecar.Configuration;
using SmmAgent.Core.Sidecar.Planning;
using SmmAgent.Core.Tokens;

namespace SmmAgent.Core.Tests.Sidecar.Planning;

/// <summary>
/// Root sources nothing that the sidecar's user can write, and settings of an operator or an earlier version of the agent stay in effect.
/// </summary>
public sealed class StartEnvironmentTests
{
    private const UnixFileMode Mode = SidecarFiles.Private | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const string Settings = "# of the operator\nISTIO_INBOUND_PORTS=80\n";

    private static readonly SidecarConfiguration Configuration = SidecarSamples.Render(SidecarSamples.Config);
    private static readonly SidecarFile ClusterEnvironment =
        Configuration.Files.Single(file => file.Path == SidecarFiles.ClusterEnvironment);
    private static readonly DesiredSidecar Desired = new(
        Configuration, new(PackageOutcome.Installed, "it is installed"), MayRestart: true, Hold: null);
    private static readonly DateTimeOffset Long = SimulatedHost.Now.AddHours(-2);

    [Fact]
    public void HostOfAnEarlierVersionIsMovedOverWithoutARestart()
    {
        var host = OfEarlierVersion(ClusterEnvironment.Content);
        host.Files[SidecarFiles.PackageOperatorEnvironment] = new(Settings, "root", Mode, Long);
        var plan = SidecarPlanner.Plan(Desired, host.Observe());

        Assert.Equal(
            """
            write /etc/smm/sidecar/cluster.env (in the place of /var/lib/istio/envoy/cluster.env)
            write /etc/smm/sidecar/sidecar.env (the settings of /var/lib/istio/envoy/sidecar.env, which is no longer read)
            write /etc/systemd/system/istio.service.d/10-smm-agent.conf (it is missing)
            reload the drop-ins of istio.service
            """,
            plan.ToString());
        Assert.Empty(SidecarPlanner.RestartReasons(Desired, host.Observe()));

        host.Apply(plan);

        Assert.Equal(Settings, host.Files[SidecarFiles.OperatorEnvironment].Content);
        Assert.True(SidecarPlanner.Plan(Desired, host.Observe()).IsEmpty);
        // This happens once: later changes by root are the operator's.
        host.Files[SidecarFiles.PackageOperatorEnvironment] = new("OTHER=1\n", "root", Mode, SimulatedHost.Now);
        Assert.True(SidecarPlanner.Plan(Desired, host.Observe()).IsEmpty);
    }

    [Fact]
    public void HostIsMovedOverWithoutAConfiguration()
    {
        var host = OfEarlierVersion("OLD='x'\n");
        var desired = Desired with { Configuration = null };

        host.Apply(SidecarPlanner.Plan(desired, host.Observe()));

        Assert.Equal("OLD='x'\n", host.Files[SidecarFiles.ClusterEnvironment].Content);
        Assert.Equal(UnitActivity.Running, host.Unit.Activity);
        Assert.True(SidecarPlanner.Plan(desired, host.Observe()).IsEmpty);

        // A file that does not belong to root is not taken over, and the sidecar does not lose it.
        var theirs = OfEarlierVersion("OLD='x'\n", owner: "istio-proxy");
        Assert.True(SidecarPlanner.Plan(desired, theirs.Observe()).IsEmpty);
    }

    [Theory]
    [InlineData("istio-proxy", Mode)]
    [InlineData("root", Mode | UnixFileMode.GroupWrite)]
    [InlineData("root", Mode | UnixFileMode.OtherWrite)]
    public void FilesThatTheSidecarsUserMayHaveWrittenAreNotTakenOverAndThatIsReported(string owner, UnixFileMode mode)
    {
        var host = OfEarlierVersion(ClusterEnvironment.Content);
        host.Files[SidecarFiles.PackageOperatorEnvironment] = new(Settings, owner, mode, Long);

        host.Apply(SidecarPlanner.Plan(Desired, host.Observe()));

        Assert.False(host.Files.ContainsKey(SidecarFiles.OperatorEnvironment));
        Assert.True(host.Files.ContainsKey(SidecarFiles.DropIn));
        Assert.EndsWith(
            "; review them, then run: sudo install -D -m 0644 /var/lib/istio/envoy/sidecar.env /etc/smm/sidecar/sidecar.env && sudo "
                + "systemctl restart istio",
            StartEnvironment.IneffectiveSettings(host.Observe()), StringComparison.Ordinal);

        host.Files[SidecarFiles.PackageOperatorEnvironment] = new("# ISTIO_INBOUND_PORTS=*\n\n", owner, mode, Long);
        Assert.Null(StartEnvironment.IneffectiveSettings(host.Observe()));
    }

    [Fact]
    public void FilesThatOnlyRootCanWriteStayUnchanged()
    {
        var host = OfEarlierVersion(ClusterEnvironment.Content);
        host.Apply(SidecarPlanner.Plan(Desired, host.Observe()));
        host.Files[SidecarFiles.EnvironmentFolder] = new(null, "smm-agent", SidecarFiles.FolderMode, Long);
        host.Files[SidecarFiles.OperatorEnvironment] = new(Settings, "smm-agent", Mode | UnixFileMode.OtherWrite, Long);
        host.Files[SidecarFiles.DropIn] = host.Files[SidecarFiles.DropIn] with { Content = "[Service]\n" };

        var plan = SidecarPlanner.Plan(Desired, host.Observe());
        host.Apply(plan);

        // The file is replaced, because its former owner may still have the old one open.
        Assert.Contains(plan.Steps, step => step is WriteSidecarFile { File.Path: SidecarFiles.OperatorEnvironment });
        Assert.Equal(Settings, host.Files[SidecarFiles.OperatorEnvironment].Content);
        Assert.Equal(("root", "root", Mode),
            (host.Files[SidecarFiles.EnvironmentFolder].Owner, host.Files[SidecarFiles.OperatorEnvironment].Owner,
                host.Files[SidecarFiles.OperatorEnvironment].Mode));
        Assert.Equal(SidecarFiles.DropInFile.Content, host.Files[SidecarFiles.DropIn].Content);
        Assert.True(SidecarPlanner.Plan(Desired, host.Observe()).IsEmpty);
    }

    [Fact]
    public void DropInThatSystemdHasNotLoadedDoesNotProtect()
    {
        var host = OfEarlierVersion(ClusterEnvironment.Content);
        host.Apply(SidecarPlanner.Plan(Desired, host.Observe()));
        var observed = host.Observe() with { Unit = Observation<SidecarUnit>.Known(host.Unit with { HasStartEnvironment = false }) };

        Assert.IsType<ReloadUnits>(Assert.Single(SidecarPlanner.Plan(Desired, observed).Steps));
    }

    [Fact]
    public void RestoreSourcesNothingThatTheSidecarsUserWroteMeanwhile()
    {
        var host = OfEarlierVersion("THEIRS='x'\n");
        var before = host.Before();
        host.Apply(SidecarPlanner.Plan(Desired, host.Observe()));
        host.Files[SidecarFiles.PackageOperatorEnvironment] = new("id >/proof\n", "istio-proxy", Mode, SimulatedHost.Now);
        host.Files[SidecarFiles.PackageClusterEnvironment] = new("id >/proof\n", "istio-proxy", Mode, SimulatedHost.Now);

        var plan = SidecarRestore.Plan(before, host.Observe(), keepPackages: false, "detach");
        host.Apply(plan);

        Assert.False(host.Files.ContainsKey(SidecarFiles.PackageOperatorEnvironment));
        Assert.Equal(("THEIRS='x'\n", "root"),
            (host.Files[SidecarFiles.PackageClusterEnvironment].Content, host.Files[SidecarFiles.PackageClusterEnvironment].Owner));
        Assert.False(host.Files.ContainsKey(SidecarFiles.DropIn));
        Assert.False(host.Unit.HasStartEnvironment);
        var steps = plan.Steps.ToList();
        Assert.True(steps.FindIndex(step => step is ReloadUnits) < steps.FindIndex(step => step is RestartSidecar));
    }

    private static SimulatedHost OfEarlierVersion(string environment, string owner = "root")
    {
        var host = new SimulatedHost(
            "1.15.3", new(UnitActivity.Running, true, true, SimulatedHost.Now.AddHours(-1)))
        { Token = TokenVerdict.Use };
        foreach (var file in Configuration.Files.Where(file => file.Path != SidecarFiles.ClusterEnvironment))
            host.Files[file.Path] = new(file.Content, file.Owner, file.Mode, Long);
        host.Files[SidecarFiles.PackageClusterEnvironment] = new(environment, owner, Mode, Long);
        host.Apply(new([new SetHosts(Configuration.Hosts)]));
        return host;
    }
}
