using System.Net;
using SmmAgent.Contract;
using SmmAgent.Core.Sidecar.Configuration;

namespace SmmAgent.Core.Tests.Sidecar.Configuration;

/// <summary>The variables in cluster.env for the sidecar's capture of traffic.</summary>
public sealed class CaptureEnvironmentTests
{
    private const string Excluded = "ISTIO_OUTBOUND_OWNER_GROUPS_EXCLUDE";

    private static readonly SidecarHost Host =
        SidecarSamples.Host with { AgentGroup = 997, IptablesBackend = "nft", HasBothBackends = true, HasIPv4 = true };

    [Theory]
    [InlineData(null, "997")]
    [InlineData("", "997")]
    [InlineData("admins, 1000", "admins,1000,997")]
    [InlineData("997", "997")]
    public void GroupOfTheAgentIsExcludedByItsNumberBesideThoseOfTheMesh(string? ofMesh, string written) =>
        Assert.Equal(written, Variable(ofMesh is null ? SidecarSamples.Config : SidecarSamples.WithMetadata((Excluded, ofMesh)), Excluded));

    [Fact]
    public void ExcludedGroupsAreNotWrittenWhereTheMeshHasIncludedGroups()
    {
        var config = SidecarSamples.WithMetadata(("ISTIO_OUTBOUND_OWNER_GROUPS", "apps"));

        Assert.Null(Variable(config, Excluded));
        Assert.Equal(
            "remove ISTIO_OUTBOUND_OWNER_GROUPS ('apps') from the mesh's proxyMetadata: with it Istio cannot exclude the agent",
            CaptureBypass.Remediation(config));
    }

    [Fact]
    public void AllGroupsIsNotAnInclusion() =>
    Assert.Equal("997", Variable(SidecarSamples.WithMetadata(("ISTIO_OUTBOUND_OWNER_GROUPS", "*")), Excluded));

    [Theory]
    [InlineData("1.13.9", null)]
    [InlineData("1.9.0-alpha.1", null)]
    [InlineData("1.14.0", "997")]
    [InlineData("1.15.3-patch", "997")]
    [InlineData("main", "997")]
    public void GroupsNeedIstioOneFourteen(string version, string? written)
    {
        var config = SidecarSamples.Config with { Mesh = SidecarSamples.Config.Mesh with { IstioVersion = version } };

        Assert.Equal(written, Variable(config, Excluded));
        Assert.Equal(written is null, CaptureBypass.Remediation(config).Contains("upgrade Istio", StringComparison.Ordinal));
    }

    [Fact]
    public void RestartIsTheRemediationWhereGroupsAreSupported()
    {
        const string Restart = "the sidecar was started before the agent was excluded: sudo systemctl restart istio";
        Assert.Equal(Restart, CaptureBypass.Remediation(null));
        Assert.Equal(Restart, CaptureBypass.Remediation(SidecarSamples.Config));
    }

    [Fact]
    public void MissingGroupIsNotWritten() =>
    Assert.Null(Variable(SidecarSamples.Config, Excluded, Host with { AgentGroup = null }));

    [Fact]
    public void IstioCapturesInTheBackendOfTheHostUnlessTheMeshChoosesOne()
    {
        Assert.Equal("nft", Variable(SidecarSamples.Config, "FORCE_IPTABLES_BINARY"));
        Assert.Equal("legacy", Variable(SidecarSamples.WithMetadata(("FORCE_IPTABLES_BINARY", "legacy")), "FORCE_IPTABLES_BINARY"));
        Assert.Null(Variable(SidecarSamples.Config, "FORCE_IPTABLES_BINARY", Host with { HasBothBackends = false }));
    }

    [Theory]
    [InlineData("nft")]
    [InlineData("legacy", "FORCE_IPTABLES_BINARY", "legacy")]
    [InlineData("native-nft", "NATIVE_NFTABLES", "true")]
    [InlineData("nft", "NATIVE_NFTABLES", "false")]
    public void BackendOfTheCaptureIsKnownBeforeTheStart(string backend, string name = "OTHER", string value = "x") =>
        Assert.Equal(backend, SidecarSamples.Render(SidecarSamples.WithMetadata((name, value)), Host).CaptureBackend);

    [Theory]
    [InlineData("2001:db8::5", true, null, "true")]
    [InlineData("2001:db8::5", true, "false", "false")]
    [InlineData("2001:db8::5", false, null, null)]
    [InlineData("3.67.91.181", true, null, null)]
    [InlineData("::ffff:3.67.91.181", true, null, null)]
    public void BothFamiliesAreCapturedWhereIPv6IsRegisteredWithIPv4(string address, bool hasIPv4, string? ofMesh, string? written)
    {
        var config = ofMesh is null ? SidecarSamples.Config : SidecarSamples.WithMetadata(("ISTIO_DUAL_STACK", ofMesh));
        var host = Host with { Address = IPAddress.Parse(address), HasIPv4 = hasIPv4 };

        Assert.Equal(written, Variable(config, "ISTIO_DUAL_STACK", host));
        Assert.Equal(ofMesh is null && written is not null, SidecarSamples.Render(config, host).IsDualStack);
    }

    private static string? Variable(MeshConfig config, string name, SidecarHost? host = null) =>
        SidecarSamples.Render(config, host ?? Host).File(SidecarFiles.ClusterEnvironment).Split('\n')
            .Where(line => line.StartsWith($"{name}=", StringComparison.Ordinal)).Select(line => line[(name.Length + 1)..].Trim('\''))
            .SingleOrDefault();
}
