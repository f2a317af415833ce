using SmmAgent.Contract;
using SmmAgent.Contract.Signing;
using SmmAgent.Core.Packages;

namespace SmmAgent.Core.Tests.Packages;

public sealed class PackageChoiceTests
{
    private static readonly PackageTrust Trust = new([PackageSigningKey.New().Public], AllowsUnsignedSidecar: false, []);

    private static readonly PackageHost Debian = new(PackageFormat.Deb, "amd64", SourceIsTrusted: true, Trust);

    [Fact]
    public void PackageHasTheHostsFormatAndArchitecture()
    {
        var config = Offering(Sidecar("1.15.3") with { Format = PackageFormat.Rpm }, Sidecar("1.15.3") with { Architecture = "arm64" },
            Sidecar("1.15.3") with { Path = "/packages/this.deb" });
        var choice = PackageChoice.ForSidecar(config, Debian, installed: null);
        Assert.Equal((PackageOutcome.Install, "install istio-sidecar 1.15.3", "/packages/this.deb"),
            (choice.Outcome, choice.Reason, choice.Package?.Path));
    }

    [Fact]
    public void RedHatNamesOfArchitecturesAreUnderstood() => Assert.Equal(
        PackageOutcome.Install,
        PackageChoice.ForSidecar(
            Offering(Sidecar("1.15.3") with { Format = PackageFormat.Rpm }), new(PackageFormat.Rpm, "x86_64", true, Trust), null).Outcome);

    [Theory]
    [InlineData("1.15.3", "1.15.3")]
    [InlineData("1.15.3-1", "1.15.3-1")]
    [InlineData("1.14.9 1.15.2 1.16.0", "1.15.2")]
    [InlineData("1.15.3-1 1.15.3-2", "1.15.3-2")]
    public void SidecarIsTheNewestThatIsNotNewerThanTheControlPlane(string offered, string chosen) => Assert.Equal(
        chosen, PackageChoice.ForSidecar(Offering([.. offered.Split(' ').Select(Sidecar)]), Debian, null).Package?.Version);

    [Fact]
    public void SidecarNewerThanTheControlPlaneIsNotInstalled()
    {
        var choice = PackageChoice.ForSidecar(Offering(Sidecar("1.16.0")), Debian, null);
        Assert.Equal((PackageOutcome.NotOffered, null), (choice.Outcome, choice.Package));
        Assert.Contains("for the control plane's 1.15.3, only newer ones: 1.16.0", choice.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1.15.3", PackageOutcome.Installed)]
    [InlineData("1.15.3-1", PackageOutcome.Installed)]
    [InlineData("1.15.2", PackageOutcome.Install)]
    [InlineData("1.16.0", PackageOutcome.Install)]
    public void SidecarFollowsTheControlPlaneAlsoToAnOlderVersion(string installed, PackageOutcome outcome) =>
        Assert.Equal(outcome, PackageChoice.ForSidecar(Offering(Sidecar("1.15.3")), Debian, installed).Outcome);

    [Theory]
    [InlineData("0.1.9", PackageOutcome.Install)]
    [InlineData("0.1.10", PackageOutcome.Installed)]
    [InlineData("0.1.11", PackageOutcome.Installed)]
    public void AgentIsNeverReplacedByAnOlderOne(string installed, PackageOutcome outcome) =>
        Assert.Equal(outcome, PackageChoice.ForAgent(Offering(Sidecar("0.1.10") with { Name = "smm-agent" }), Debian, installed).Outcome);

    [Fact]
    public void PackageWithoutAChecksumIsNotInstalled()
    {
        var choice = PackageChoice.ForSidecar(Offering(Sidecar("1.15.3") with { Sha256 = null }), Debian, null);
        Assert.Equal((PackageOutcome.NoChecksum, null), (choice.Outcome, choice.Package));
    }

    [Theory]
    [InlineData("https://smm.example.com", false, true)]
    [InlineData("http://smm.example.com", false, false)]
    [InlineData("http://smm.example.com", true, true)]
    public void PackagesOverPlainHttpNeedTheOperatorsPermission(string dashboard, bool allowed, bool installed)
    {
        var trusted = PackageChoice.IsTrusted(new(dashboard), new() { AllowPlaintextPackages = allowed });
        var choice = PackageChoice.ForSidecar(Offering(Sidecar("1.15.3")), Debian with { SourceIsTrusted = trusted }, null);
        Assert.Equal(installed ? PackageOutcome.Install : PackageOutcome.UntrustedSource, choice.Outcome);
        Assert.Equal(installed, choice.Package is not null);
    }

    [Fact]
    public void InstalledVersionNeedsNoTrust() => Assert.Equal(
        PackageOutcome.Installed,
        PackageChoice.ForSidecar(Offering(Sidecar("1.15.3")), Debian with { SourceIsTrusted = false }, "1.15.3-1").Outcome);

    [Fact]
    public void MissingPackageIsReportedWithTheFormatAndArchitecture() => Assert.Equal(
        "the mesh configuration offers no istio-sidecar package of the format deb for arm64",
        PackageChoice.ForSidecar(Offering(), Debian with { Architecture = "aarch64" }, null).Reason);

    private static MeshConfig Offering(params Package[] packages) => MeshConfigs.Of("vm-network-1") with { Packages = packages };

    private static Package Sidecar(string version) => new()
    {
        Name = "istio-sidecar", Version = version, Format = PackageFormat.Deb, Architecture = "amd64",
        Path = $"/packages/istio-sidecar_{version}_amd64.deb", Sha256 = new('a', 64),
    };
}
