using SmmAgent.Contract;
using SmmAgent.Contract.Signing;
using SmmAgent.Core.Packages;

namespace SmmAgent.Core.Tests.Packages;

public sealed class PackageTrustTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 28, 12, 0, 0, TimeSpan.Zero);
    private static readonly string Sha256 = new('a', 64);

    private static readonly Package Sidecar = new()
    {
        Name = "istio-sidecar", Version = "1.24.0", Format = PackageFormat.Deb, Architecture = "amd64", Path = "/p", Sha256 = Sha256,
        Size = 7,
    };

    private static readonly PackageList List = new()
    {
        Format = 1, Issued = Now.AddDays(-1), Expires = Now.AddDays(1),
        Packages =
        [
            new() { Name = "istio-sidecar", Version = "1.24.0", Format = PackageFormat.Deb, Architecture = "amd64", Size = 7,
                Sha256 = Sha256 },
            new() { Name = "smm-agent", Version = "0.2.0-1", Format = PackageFormat.Rpm, Architecture = "arm64", Size = 7,
                Sha256 = Sha256 },
        ],
    };

    [Fact]
    public void PackageThatTheListNamesIsAllowed()
    {
        Assert.Null(Refusal(List, Sidecar));
        Assert.Null(Refusal(List, Sidecar with { Sha256 = Sha256.ToUpperInvariant(), Size = null, Architecture = "x86_64" }));
        Assert.Null(
            Refusal(List, Sidecar with { Name = "smm-agent", Version = "0.2.0", Format = PackageFormat.Rpm, Architecture = "aarch64" }));
        Assert.Null(Refusal(List, Sidecar, accepted: List.Issued));
    }

    [Fact]
    public void OtherPackageIsNotAllowed()
    {
        Package[] others =
        [
            Sidecar with { Sha256 = new string('b', 64) },
            Sidecar with { Sha256 = null },
            Sidecar with { Name = "smm-agent" },
            Sidecar with { Version = "1.24.1" },
            Sidecar with { Version = "1.24.0-2" },
            Sidecar with { Format = PackageFormat.Rpm },
            Sidecar with { Architecture = "arm64" },
            Sidecar with { Architecture = "all" },
            Sidecar with { Size = 8 },
        ];
        Assert.All(others, other => Assert.Equal(PackageFailureReason.NotInList, Refusal(List, other)?.Fault));
    }

    [Fact]
    public void DifferentChecksumInTheListIsReported() => Assert.Equal(
        "the dashboard's package list lists another SHA-256 for it", Refusal(List, Sidecar with { Sha256 = new string('b', 64) })?.Reason);

    [Fact]
    public void ExpiredListAllowsNothing()
    {
        Assert.Null(Refusal(List with { Expires = Now.AddSeconds(1) }, Sidecar));
        Assert.Equal(
            (PackageFailureReason.ListExpired, "the dashboard's package list was valid until 2026-11-28T12:00:00Z"),
            Refusal(List with { Expires = Now }, Sidecar));
    }

    [Fact]
    public void OlderListThanOneThatWasAcceptedAllowsNothing() => Assert.Equal(
        (PackageFailureReason.ListSuperseded,
            "the dashboard's package list was signed at 2026-11-27T12:00:00Z, and this host has accepted one of 2026-11-27T12:00:01Z"),
        Refusal(List, Sidecar, accepted: List.Issued.AddSeconds(1)));

    [Theory]
    [InlineData("1.23.9", true)]
    [InlineData("1.24.0", true)]
    [InlineData("1.24.0-1", false)]
    [InlineData("1.24.1", false)]
    [InlineData("1:1.0", false)]
    public void VersionBelowTheMinimumIsNotAllowed(string minimum, bool isAllowed) => Assert.Equal(
        isAllowed ? null : PackageFailureReason.BelowMinimum,
        Refusal(List with { MinimumVersions = new Dictionary<string, string> { ["istio-sidecar"] = minimum, ["smm-agent"] = "99" } },
            Sidecar)?.Fault);

    [Theory]
    [InlineData("istio-sidecar", false, false, false)]
    [InlineData("istio-sidecar", true, false, true)]
    [InlineData("istio-sidecar", false, true, true)]
    [InlineData("smm-agent", false, false, false)]
    [InlineData("smm-agent", true, true, false)]
    public void OnlyPackagesInAgentYamlAreAllowedWithoutAList(string name, bool allowsUnsigned, bool isPinned, bool isAllowed)
    {
        var trust = new PackageTrust([], allowsUnsigned, isPinned ? [Sha256] : []);
        Assert.Equal(isAllowed, trust.AllowsWithoutList(Sidecar with { Name = name }));
        Assert.Equal(isAllowed, trust.NeverAllowedReason(Sidecar with { Name = name }) is null);
        Assert.Null((trust with { Keys = [PackageSigningKey.New().Public] }).NeverAllowedReason(Sidecar with { Name = name }));
        Assert.Equal(allowsUnsigned && isAllowed, trust.AllowsWithoutList(Sidecar with { Name = name, Sha256 = new string('b', 64) }));
    }

    [Fact]
    public void HostWithoutAKeyPlansNoInstallation()
    {
        var host = new PackageHost(PackageFormat.Deb, "amd64", SourceIsTrusted: true, new([], false, []));
        var config = MeshConfigs.Of("network1")
            with
        { Packages = [Sidecar with { Version = MeshConfigs.Of("network1").Mesh.IstioVersion }] };

        var choice = PackageChoice.ForSidecar(config, host, installed: null);

        Assert.Equal(
            (PackageOutcome.NoTrustedKey, null,
                $"istio-sidecar {MeshConfigs.Of("network1").Mesh.IstioVersion} is not installed: no key is trusted that could sign it: add "
                    + "the key that signs the dashboard's packages to packages.trustedKeys in "
                + "/etc/smm/agent.yaml; or its SHA-256 to sidecar.packageSha256s there"),
            (choice.Outcome, choice.Package, choice.Reason));
    }

    [Fact]
    public void KeysOfAgentYamlReplaceThoseOfTheBuild()
    {
        var key = PackageSigningKey.New().Public;
        Assert.Equal(BuiltInKeys.All, PackageTrust.From(new()).Keys);
        Assert.Equal([key], PackageTrust.From(new() { TrustedKeys = [key] }).Keys);
        Assert.Empty(PackageTrust.From(new() { TrustedKeys = [] }).Keys);
    }

    [Fact]
    public void FileOfBuiltInKeysHasKeysAndComments()
    {
        var key = PackageSigningKey.New().Public;
        Assert.Equal([key], BuiltInKeys.Read($"# comment\n\n  {key.Text}\r\n"));
        Assert.Throws<InvalidDataException>(() => BuiltInKeys.Read("MCow"));
    }

    private static (PackageFailureReason Fault, string Reason)? Refusal(
        PackageList list, Package package, DateTimeOffset? accepted = null) =>
        PackageTrust.Refusal(list, package, accepted, Now);
}
