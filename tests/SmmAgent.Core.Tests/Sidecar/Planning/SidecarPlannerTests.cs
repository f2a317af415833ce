using System.Net;
using CsCheck;
using SmmAgent.Core.Packages;
using SmmAgent.Core.Planning;
using SmmAgent.Core.Sidecar.Configuration;
using SmmAgent.Core.Sidecar.Planning;
using SmmAgent.Core.Tokens;

namespace SmmAgent.Core.Tests.Sidecar.Planning;

public sealed class SidecarPlannerTests
{
    private static readonly SidecarConfiguration Configuration = SidecarSamples.Render(SidecarSamples.Config);

    private static readonly SidecarUnit Stopped = new(UnitActivity.Stopped, IsEnabled: false, IsReady: false, Since: null);

    private static readonly PackageChoice NewPackage = new(
        PackageOutcome.Install, "install istio-sidecar 1.15.3", SidecarSamples.Package("1.15.3"));

    internal static readonly PackageChoice Installed = new(PackageOutcome.Installed, "istio-sidecar 1.15.3 is installed");

    [Fact]
    public void FreshHostIsInstalledConfiguredAndStartedInThisOrder() => Assert.Equal(
        """
        write /etc/systemd/system/istio.service.d/10-smm-agent.conf (it is missing)
        install istio-sidecar 1.15.3
        write /etc/smm/sidecar/cluster.env (it is missing)
        write /etc/istio/config/mesh (it is missing)
        write /etc/certs/root-cert.pem (it is missing)
        write /etc/hosts: 13.48.73.61 istiod-cp-v115x.istio-system.svc
        fetch a new istio-token (Unusable)
        enable istio.service at boot
        start istio.service
        """,
        SidecarPlanner.Plan(Desired(NewPackage), new SimulatedHost(null, Stopped).Observe()).ToString());

    [Fact]
    public void NothingIsPlannedWithoutAPackage() =>
        Assert.True(SidecarPlanner.Plan(
            Desired(new(PackageOutcome.NotOffered, "none")), new SimulatedHost(null, Stopped).Observe()).IsEmpty);

    [Theory]
    [InlineData(UnitActivity.Stopped, "nft legacy", "legacy")]
    [InlineData(UnitActivity.Stopped, "legacy", "legacy")]
    [InlineData(UnitActivity.Failed, "native-nft nft", "native-nft")]
    [InlineData(UnitActivity.Stopped, "nft", null)]
    [InlineData(UnitActivity.Running, "legacy nft", "legacy")]
    [InlineData(UnitActivity.Running, "legacy", null)]
    public void CaptureOfAnEarlierStartInAnotherBackendIsRemovedFirst(UnitActivity activity, string capturedIn, string? removed)
    {
        var configuration = SidecarSamples.Render(SidecarSamples.Config, SidecarSamples.Host with { IptablesBackend = "nft" });
        var observed = new SimulatedHost("1.15.3", Stopped with { Activity = activity, Since = SimulatedHost.Now }).Observe()
            with
        { CapturedIn = capturedIn.Split(' '), IsCaptured = true };

        var steps = SidecarPlanner.Plan(new(configuration, Installed, MayRestart: true, null), observed).Steps;

        Assert.Equal(removed is null ? [] : [removed], steps.OfType<RemoveOtherCapture>().SelectMany(step => step.Backends));
        if (removed is not null && activity != UnitActivity.Running)
            Assert.True(steps.ToList().FindIndex(step => step is RemoveOtherCapture) < steps.ToList()
                .FindIndex(step => step is StartSidecar));
    }

    [Fact]
    public void OneReconcileIsEnoughForAnyHost() => Hosts.Sample(host =>
    {
        foreach (var (mayRestart, hold) in new[] { (true, null), (false, null), (true, "it fails") })
        {
            host.Apply(Plan(mayRestart, hold));
            Assert.Equal("", Plan(mayRestart, hold).ToString());
        }

        Plan Plan(bool mayRestart, string? hold) =>
            SidecarPlanner.Plan(Desired(host.Version is null ? NewPackage : Installed, mayRestart, hold), host.Observe());
    });

    [Fact]
    public void UnobservedPartGetsNoStep()
    {
        var host = Attached();
        var unobserved = host.Observe() with
        {
            Files = host.Observe().Files.ToDictionary(file => file.Key, _ => Observation<FoundFile>.Unknown("no permission")),
            Unit = Observation<SidecarUnit>.Unknown("no bus"),
            IsCaptured = false,
        };
        Assert.True(SidecarPlanner.Plan(Desired(Installed), unobserved).IsEmpty);
        Assert.True(SidecarRestore.WithoutSnapshot(unobserved).IsEmpty);
        Assert.True(SidecarRestore.Plan(
            new SimulatedHost("1.15.3", Stopped).Before(), unobserved with { Tables = [] }, keepPackages: false, "detach").IsEmpty);
        Assert.True(SidecarPlanner.Plan(
            Desired(NewPackage), unobserved with { Package = Observation<InstalledSidecar>.Unknown("dpkg is locked") }).IsEmpty);
    }

    [Fact]
    public void BlockInTheHostsFileStaysWhileNoAddressIsKnown()
    {
        var unknown = SidecarSamples.Render(SidecarSamples.Config, SidecarSamples.Host with { ControlPlane = [] });
        Assert.True(SidecarPlanner.Plan(Desired(Installed) with { Configuration = unknown }, Attached().Observe()).IsEmpty);
    }

    [Fact]
    public void AnotherAddressOfTheControlPlaneNeedsNoRestart()
    {
        var moved = SidecarSamples.Render(SidecarSamples.Config, SidecarSamples.Host with { ControlPlane = [IPAddress.Parse("9.9.9.9")] });
        Assert.Equal(
            "write /etc/hosts: 9.9.9.9 istiod-cp-v115x.istio-system.svc",
            SidecarPlanner.Plan(Desired(Installed) with { Configuration = moved }, Attached().Observe()).ToString());
    }

    [Fact]
    public void LineOfTheControlPlaneStaysWhileOneOfItsNamesDoesNotResolve()
    {
        var half = SidecarSamples.Render(
            SidecarSamples.Config, SidecarSamples.Host with { ControlPlane = [IPAddress.Parse("9.9.9.9")], IsComplete = false });
        Assert.Equal(
            "write /etc/hosts: 9.9.9.9 istiod-cp-v115x.istio-system.svc, 13.48.73.61 istiod-cp-v115x.istio-system.svc",
            SidecarPlanner.Plan(Desired(Installed) with { Configuration = half }, Attached().Observe()).ToString());
    }

    [Fact]
    public void AnotherConfigurationRestartsTheSidecarOnlyWhereItMay()
    {
        var other = SidecarSamples.Render(SidecarSamples.WithMetadata(("A", "b")));
        var restarting = SidecarPlanner.Plan(Desired(Installed) with { Configuration = other }, Attached().Observe());
        Assert.Equal("restart istio.service (/etc/smm/sidecar/cluster.env changes; /etc/istio/config/mesh changes)",
            restarting.Steps[^1].ToString());

        var host = Attached();
        host.Apply(SidecarPlanner.Plan(Desired(Installed, mayRestart: false) with { Configuration = other }, host.Observe()));
        Assert.Equal(
            Stopped with
            {
                Activity = UnitActivity.Running,
                IsEnabled = true,
                IsReady = true,
                Since = SimulatedHost.Now.AddHours(-1),
                HasStartEnvironment = true
            }, host.Unit);
        Assert.Equal(
            "restart istio.service (/etc/smm/sidecar/cluster.env changed since its start; /etc/istio/config/mesh changed since its start)",
            SidecarPlanner.Plan(Desired(Installed) with { Configuration = other }, host.Observe()).ToString());
    }

    [Fact]
    public void NewVersionIsInstalledAtOnceAndRunsWhereTheSidecarMayBeRestarted()
    {
        var upgrade = NewPackage with { Reason = "install istio-sidecar 1.15.3, in the place of 1.15.2" };
        Assert.Equal(upgrade.Reason, SidecarPlanner.Plan(Desired(upgrade, mayRestart: false), Attached("1.15.2").Observe()).ToString());
        Assert.Equal(
            upgrade.Reason + "\nrestart istio.service (version 1.15.3 will be installed)",
            SidecarPlanner.Plan(Desired(upgrade), Attached("1.15.2").Observe()).ToString());

        var host = Attached("1.15.2");
        host.Apply(SidecarPlanner.Plan(Desired(upgrade, mayRestart: false), host.Observe()));
        Assert.Equal(
            "restart istio.service (istio-sidecar 1.15.3 was installed since its start)",
            SidecarPlanner.Plan(Desired(Installed), host.Observe()).ToString());
    }

    [Fact]
    public void VersionThatCouldNotBeInstalledRestartsNothing()
    {
        var upgrade = NewPackage with { Reason = "install istio-sidecar 1.15.3, in the place of 1.15.2" };
        Assert.True(SidecarPlanner.Plan(Desired(upgrade) with { KeepsPackage = true }, Attached("1.15.2").Observe()).IsEmpty);
        Assert.True(SidecarPlanner.Plan(
            Desired(NewPackage) with { KeepsPackage = true }, new SimulatedHost(null, Stopped).Observe()).IsEmpty);
    }

    [Fact]
    public void MaskedUnitIsNotStarted()
    {
        var host = new SimulatedHost("1.15.3", Stopped with { IsMasked = true });
        Assert.DoesNotContain(SidecarPlanner.Plan(Desired(Installed), host.Observe()).Steps, step => step is StartSidecar or EnableSidecar);
    }

    [Fact]
    public void OldConfigurationStaysInEffectWithoutANewOneAndNoneIsStartedWithoutAny()
    {
        var none = Desired(Installed) with { Configuration = null };
        Assert.True(SidecarPlanner.Plan(none, Attached().Observe()).IsEmpty);

        var stopped = Attached();
        stopped.Apply(new([new StopSidecar("a test")]));
        Assert.Equal("start istio.service", SidecarPlanner.Plan(none, stopped.Observe()).ToString());
        stopped.Apply(new([new RemoveSidecarFile(SidecarFiles.ClusterEnvironment)]));
        Assert.IsType<RemoveCapture>(Assert.Single(SidecarPlanner.Plan(none, stopped.Observe()).Steps));
    }

    [Fact]
    public void HeldSidecarIsStoppedAndItsCaptureIsRemoved() => Assert.Equal(
        "stop istio.service (it fails)\nremove the sidecar's capture of traffic (it fails)",
        SidecarPlanner.Plan(Desired(Installed, hold: "it fails"), Attached().Observe()).ToString());

    [Fact]
    public void SidecarIsHeldBeforeAnyStepThatMayFail()
    {
        var steps = SidecarPlanner.Plan(
            Desired(NewPackage, hold: "it fails"),
            new SimulatedHost("1.15.2", Stopped with { Activity = UnitActivity.Starting }) { IsCaptured = true }.Observe()).Steps;
        Assert.Equal(
            [typeof(StopSidecar), typeof(RemoveCapture), typeof(WriteSidecarFile), typeof(ReloadUnits), typeof(InstallPackage)],
            steps.Take(5).Select(step => step.GetType()));
        Assert.DoesNotContain(steps, step => step is StartSidecar);
    }

    [Fact]
    public void CaptureWithoutAListenerIsRemovedWhereNoSidecarIsStarted()
    {
        var masked = Attached();
        masked.Apply(new([new StopSidecar("a test")]));
        var observed = masked.Observe() with { Unit = Observation<SidecarUnit>.Known(Stopped with { IsMasked = true }) };
        Assert.Equal("remove the sidecar's capture of traffic (no sidecar runs, and none is started)",
            SidecarPlanner.Plan(Desired(Installed), observed).ToString());

        var unconfigured = new SimulatedHost("1.15.3", Stopped) { IsCaptured = true, Token = TokenVerdict.Use };
        Assert.Contains(SidecarPlanner.Plan(Desired(Installed) with { Configuration = null }, unconfigured.Observe()).Steps,
            step => step is RemoveCapture);
        Assert.DoesNotContain(SidecarPlanner.Plan(Desired(Installed), unconfigured.Observe()).Steps, step => step is RemoveCapture);
    }

    internal static Gen<SimulatedHost> Hosts => Gen.Select(
        Gen.Enum<UnitActivity>(), Gen.Bool, Gen.Enum<TokenVerdict>(), Gen.Int[0, 3].Array[3], Gen.Bool, Gen.Int[0, 5],
        (activity, enabled, token, files, captured, packages) =>
        {
            var running = activity == UnitActivity.Running;
            var host = new SimulatedHost(
                enabled || running ? "1.15.3" : null,
                new(activity, enabled, running, running ? SimulatedHost.Now.AddHours(-1) : null))
            { Token = token, IsCaptured = captured };
            foreach (var (file, state) in Configuration.Files.Zip(files))
            {
                if (state > 0)
                {
                    host.Files[file.Path] = new(
                        state == 1 ? "stale" : file.Content, state == 2 ? "somebody" : file.Owner,
                        state == 3 ? file.Mode : UnixFileMode.None, SimulatedHost.Now.AddHours(-2));
                }
            }

            // The files of a package, an operator or an earlier version of the agent in the package's folder.
            if (packages > 0)
                host.Files["/var/lib/istio"] = host.Files[SidecarFiles.PackageFolder] = new(
                    null, "root", SidecarFiles.FolderMode, SimulatedHost.Now.AddHours(-2));
            if (packages % 3 > 0)
                host.Files[SidecarFiles.PackageClusterEnvironment] = new(
                    packages % 3 == 1 ? "OLD='x'" : Configuration.Files[0].Content, "root", File, SimulatedHost.Now.AddHours(-2));
            if (packages > 2)
                host.Files[SidecarFiles.PackageOperatorEnvironment] = new(
                    "A='b'\n", packages > 3 ? "root" : "istio-proxy", File, SimulatedHost.Now.AddHours(-2));
            return host;
        });

    private const UnixFileMode File = SidecarFiles.Private | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    internal static SimulatedHost Attached(string version = "1.15.3")
    {
        var host = new SimulatedHost(
            version, new(UnitActivity.Running, true, true, SimulatedHost.Now.AddHours(-1)))
        { Token = TokenVerdict.Use };
        foreach (var file in Configuration.Files)
            host.Files[file.Path] = new(file.Content, file.Owner, file.Mode, SimulatedHost.Now.AddHours(-2));
        host.Protect();
        host.Apply(new([new SetHosts(Configuration.Hosts)]));
        return host;
    }

    internal static DesiredSidecar Desired(PackageChoice package, bool mayRestart = true, string? hold = null) =>
        new(Configuration, package, mayRestart, hold);
}
