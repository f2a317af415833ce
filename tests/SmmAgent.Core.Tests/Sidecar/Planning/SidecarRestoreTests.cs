using CsCheck;
using SmmAgent.Core.Packages;
using SmmAgent.Core.Planning;
using SmmAgent.Core.Sidecar.Configuration;
using SmmAgent.Core.Sidecar.Planning;

namespace SmmAgent.Core.Tests.Sidecar.Planning;

public sealed class SidecarRestoreTests
{
    private static readonly DesiredSidecar Desired = new(
        SidecarSamples.Render(SidecarSamples.Config),
        new(PackageOutcome.Install, "install istio-sidecar 1.15.3", SidecarSamples.Package("1.15.3")),
        MayRestart: true,
        Hold: null);

    [Fact]
    public void HostWithoutASidecarIsRestored()
    {
        var host = new SimulatedHost(null, new(UnitActivity.Stopped, false, false, null));
        var (before, files) = (host.Before(), host.Files.ToDictionary());
        host.Apply(SidecarPlanner.Plan(Desired, host.Observe()));

        Assert.Equal(
            """
            stop istio.service (detach)
            remove the sidecar's capture of traffic (detach)
            disable istio.service at boot
            remove /etc/smm/sidecar/cluster.env
            remove /etc/istio/config/mesh
            remove /etc/certs/root-cert.pem
            remove /var/run/secrets/tokens/istio-token
            remove the agent's block from /etc/hosts
            remove the package istio-sidecar, which the agent installed
            remove the empty tables of the sidecar's capture (ip nat)
            remove /etc/istio, which came with the sidecar
            remove /var/lib/istio, which came with the sidecar
            remove /var/log/istio, which came with the sidecar
            remove /etc/certs, which came with the sidecar
            remove the user istio-proxy, which came with the sidecar
            remove /etc/systemd/system/istio.service.d/10-smm-agent.conf
            reload the drop-ins of istio.service
            """,
            Restore(before, host).ToString());

        host.Apply(Restore(before, host));
        Assert.Equal("protect /usr/local/bin (it went with the package)", Restore(before, host).ToString());
        host.Apply(Restore(before, host));
        Assert.Equal(files, host.Files);
        Assert.Equal((null, false, false, false), (host.Version, host.HasAccount, host.IsCaptured, host.Unit.IsEnabled));
        Assert.True(Restore(before, host).IsEmpty);
    }

    [Fact]
    public void OwnersThatAnEarlierAgentChangedAreRestored()
    {
        var host = new SimulatedHost("1.15.3", new(UnitActivity.Running, true, true, SimulatedHost.Now));
        var (theirs, operators) =
            (new FoundFile(null, "istio-proxy", SidecarFiles.FolderMode, SimulatedHost.Now),
                new FoundFile("", "istio-proxy", SidecarFiles.Private, SimulatedHost.Now));
        var before = host.Before();
        before = before with
        {
            FolderOwners = new Dictionary<string, FoundFile> { [SidecarFiles.PackageFolder] = theirs },
            Files = new Dictionary<string, FoundFile>(
                before.Files)
            { [SidecarFiles.PackageOperatorEnvironment] = operators with { Content = null } },
        };
        host.Files[SidecarFiles.PackageFolder] = theirs with { Owner = "root" };
        host.Files[SidecarFiles.DistrustedEnvironment] = operators;

        host.Apply(Restore(before, host));

        Assert.Equal((theirs, operators), (host.Files[SidecarFiles.PackageFolder], host.Files[SidecarFiles.PackageOperatorEnvironment]));
        Assert.False(host.Files.ContainsKey(SidecarFiles.DistrustedEnvironment));
    }

    [Fact]
    public void AnyPreviousStateIsRestored() => SidecarPlannerTests.Hosts.Sample(host =>
    {
        var (before, files, version) = (host.Before(), host.Files.ToDictionary(), host.Version);
        var (unit, captured) = (host.Unit, host.IsCaptured);
        host.Apply(SidecarPlanner.Plan(Desired, host.Observe()));
        host.Apply(Restore(before, host));
        host.Apply(Restore(before, host));

        Assert.Equal(version, host.Version);
        // A token is never restored, because it was valid for an hour. Files that are in no step belong to the package.
        foreach (var (path, file) in files.Where(file => file.Key != SidecarFiles.Token && file.Value.Content is not null))
            Assert.Equal((file.Content, file.Owner, file.Mode), (host.Files[path].Content, host.Files[path].Owner, host.Files[path].Mode));
        Assert.Equal(unit.IsEnabled, host.Unit.IsEnabled);
        Assert.Equal(before.IsRunning, host.Unit.Activity is UnitActivity.Running or UnitActivity.Starting);
        Assert.True(before.IsRunning || captured || !host.IsCaptured);
        Assert.True(Restore(before, host).Steps.All(step => step is RestartSidecar));
    });

    [Fact]
    public void PackageUserAndFoldersStayWhileAPackageManagerRuns()
    {
        var host = new SimulatedHost(null, new(UnitActivity.Stopped, false, false, null));
        var before = host.Before();
        host.Apply(SidecarPlanner.Plan(Desired, host.Observe()));

        var plan = SidecarRestore.Plan(before, host.Observe(), keepPackages: true, "detach");

        Assert.DoesNotContain(plan.Steps, step => step is RemovePackage or RemoveAccount or RemoveSidecarFolder);
        Assert.Contains(plan.Steps, step => step is RemoveCapture);
    }

    [Fact]
    public void OnlyMarkedFilesOfTheAgentAreRemovedWithoutASnapshot()
    {
        var host = new SimulatedHost(null, new(UnitActivity.Stopped, false, false, null));
        host.Apply(SidecarPlanner.Plan(Desired, host.Observe()));

        Assert.Equal("remove the agent's block from /etc/hosts", SidecarRestore.WithoutSnapshot(host.Observe()).ToString());
        host.Apply(SidecarRestore.WithoutSnapshot(host.Observe()));
        Assert.True(SidecarRestore.WithoutSnapshot(host.Observe()).IsEmpty);
        Assert.Contains("sudo systemctl disable --now istio", SidecarRestore.LeftWithoutSnapshot(host.Observe()), StringComparison.Ordinal);
        Assert.Null(SidecarRestore.LeftWithoutSnapshot(new SimulatedHost(null, new(UnitActivity.Stopped, false, false, null)).Observe()));
    }

    [Fact]
    public void UnknownStateIsNotTakenForAbsence()
    {
        var seen = new SimulatedHost("1.15.3", new(UnitActivity.Running, true, true, SimulatedHost.Now)).Observe();
        Assert.Null(SidecarSnapshot.UnobservedReason(seen));
        Assert.Equal("dpkg is locked",
            SidecarSnapshot.UnobservedReason(seen with { Package = Observation<InstalledSidecar>.Unknown("dpkg is locked") }));
        Assert.Equal("no bus", SidecarSnapshot.UnobservedReason(seen with { Unit = Observation<SidecarUnit>.Unknown("no bus") }));
        Assert.NotNull(SidecarSnapshot.UnobservedReason(
            seen with { Package = Observation<InstalledSidecar>.Known(new(null, null, IsPartiallyInstalled: true)) }));
    }

    [Fact]
    public void EarlierVersionIsRestored()
    {
        var host = new SimulatedHost("1.15.2", new(UnitActivity.Running, true, true, SimulatedHost.Now));
        var before = host.Before();
        host.Apply(new([new InstallPackage(SidecarSamples.Package("1.15.3"), "an upgrade")]));

        Assert.Contains("restore istio-sidecar 1.15.2\nrestart istio.service (detach)", Restore(before, host).ToString(),
            StringComparison.Ordinal);
    }

    [Fact]
    public void SnapshotIsReadAsWritten()
    {
        var host = new SimulatedHost("1.15.3", new(UnitActivity.Running, true, true, SimulatedHost.Now));
        host.Apply(SidecarPlanner.Plan(Desired, host.Observe()));
        var before = host.Before();

        var read = SidecarSnapshot.Read(before.Write());

        Assert.NotNull(read);
        Assert.Equal(before.Files, read.Files);
        Assert.Equal(before.Write(), read.Write());
        Assert.True(read.IsAttached);
        Assert.Null(SidecarSnapshot.Read("{}"u8));
        Assert.Null(SidecarSnapshot.Read("{ \"version\": "u8));
    }

    private static Plan Restore(SidecarSnapshot before, SimulatedHost host) =>
        SidecarRestore.Plan(before, host.Observe(), keepPackages: false, "detach");
}
