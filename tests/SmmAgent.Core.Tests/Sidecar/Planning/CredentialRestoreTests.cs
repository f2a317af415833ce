using SmmAgent.Core.Sidecar.Configuration;
using SmmAgent.Core.Sidecar.Planning;
using static SmmAgent.Core.Tests.Sidecar.Planning.RemediationSamples;

namespace SmmAgent.Core.Tests.Sidecar.Planning;

/// <summary>A detach removes the credentials of the mesh, and keeps those of the operator.</summary>
public sealed class CredentialRestoreTests
{
    [Fact]
    public void KeysOfTheMeshAreRemovedFromAMachineThatLeavesIt()
    {
        var host = new SimulatedHost("1.15.3", new(UnitActivity.Stopped, false, false, null));
        var before = host.Before();
        host.Apply(Plan(host));
        Keep(host, Wanted, Now);

        host.Apply(SidecarRestore.Plan(before, host.Observe(), keepPackages: true, "detach"));

        Assert.False(host.Files.ContainsKey(SidecarFiles.Certificate));
        Assert.False(host.Files.ContainsKey(SidecarFiles.Key));
    }

    [Fact]
    public void OperatorsKeyThatIsStillTheSameStaysAndOneThatTheSidecarWroteSinceGoes()
    {
        var host = Attached();
        Keep(host, Wanted, Now.AddDays(-1));
        var before = SidecarSnapshot.Read(host.Before().Write())!;
        Assert.DoesNotContain(SidecarRestore.Plan(before, host.Observe(), keepPackages: true, "detach").Steps,
            step => step is RemoveSidecarFile);

        Keep(host, Wanted, Now);
        Assert.Equal(
            [SidecarFiles.Certificate, SidecarFiles.Key],
            SidecarRestore.Plan(before, host.Observe(), keepPackages: true, "detach").Steps.OfType<RemoveSidecarFile>()
            .Select(step => step.Path));
    }

    [Fact]
    public void SnapshotWithoutTheKeyRemovesOnlyFilesWrittenSince()
    {
        var host = Attached();
        Keep(host, Wanted, Now.AddDays(-1));
        var before = host.Before() with { Credentials = null };

        Assert.Equal([], Removed(before));
        Assert.Equal([], Removed(before with { WrittenAt = Now.AddHours(-2) }));
        Assert.Equal([SidecarFiles.Certificate, SidecarFiles.Key], Removed(before with { WrittenAt = Now.AddDays(-2) }));

        IEnumerable<string> Removed(SidecarSnapshot record) =>
            SidecarRestore.Plan(record, host.Observe(), keepPackages: true, "detach").Steps.OfType<RemoveSidecarFile>()
            .Select(step => step.Path);
    }

    [Fact]
    public void OperatorsKeyWithoutACertificateStays()
    {
        var host = Attached();
        host.Files[SidecarFiles.Key] = new(null, "root", SidecarFiles.Private, Now.AddDays(-9));

        Assert.DoesNotContain(SidecarRestore.Plan(host.Before(), host.Observe(), keepPackages: true, "detach").Steps,
            step => step is RemoveSidecarFile);
    }
}
