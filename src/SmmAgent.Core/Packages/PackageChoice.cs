using SmmAgent.Contract;
using SmmAgent.Core.Settings;

namespace SmmAgent.Core.Packages;

public enum PackageOutcome
{
    /// <summary>The installed version is the wanted one, or a newer one where that is allowed.</summary>
    Installed,

    /// <summary><see cref="PackageChoice.Package"/> must be installed.</summary>
    Install,

    /// <summary>The mesh configuration has no package for this host.</summary>
    NotOffered,

    /// <summary>The package has no checksum in the mesh configuration.</summary>
    NoChecksum,

    /// <summary>There is a package, but the mesh configuration came over a connection on which it could have been changed.</summary>
    UntrustedSource,

    /// <summary>There is a package, but no package list can allow it, because no key is trusted.</summary>
    NoTrustedKey,
}

/// <summary>The properties of the host that decide which package it gets.</summary>
/// <param name="Architecture">The architecture of the machine, by the name of any distribution.</param>
/// <param name="SourceIsTrusted">The result of <see cref="PackageChoice.IsTrusted"/>.</param>
/// <param name="Trust">Which packages may be installed.</param>
public sealed record PackageHost(PackageFormat Format, string Architecture, bool SourceIsTrusted, PackageTrust Trust)
{
    /// <summary>The message for a host without a supported package manager.</summary>
    public const string NoFormat = "this host has neither dpkg nor rpm";

    /// <summary>The message for the sidecar on such a host.</summary>
    public const string NoSidecarFormat = $"{NoFormat}, so the sidecar cannot be installed";
}

/// <summary>The package of the mesh configuration that must be installed, and the reason, in one line.</summary>
public sealed record PackageChoice(PackageOutcome Outcome, string Reason, Package? Package = null)
{
    public const string SidecarPackage = "istio-sidecar";
    public const string AgentPackage = "smm-agent";

    /// <summary>
    /// Whether packages that a dashboard names may be installed: the connection is verified https, or the operator allows plain http.
    /// </summary>
    public static bool IsTrusted(Uri dashboard, SidecarSettings settings) =>
        dashboard.Scheme == Uri.UriSchemeHttps || settings.AllowPlaintextPackages;

    /// <summary>
    /// Chooses the sidecar's package: the version of the control plane, or the newest that is not newer. The sidecar follows the control
    /// plane to an older version as well.
    /// </summary>
    /// <param name="installed">The installed version; null when it is not installed.</param>
    public static PackageChoice ForSidecar(MeshConfig config, PackageHost host, string? installed)
    {
        var wanted = config.Mesh.IstioVersion;
        var offers = Offers(config, SidecarPackage, host);
        var fitting = offers.Where(offer => host.Format.CompareUpstream(offer.Version, wanted) <= 0).ToList();
        return fitting.Count == 0 && offers.Count > 0
            ? new(PackageOutcome.NotOffered,
                $"the mesh configuration offers no {SidecarPackage} for the control plane's {wanted}, only newer ones: {Listed(offers)}")
            : Choose(SidecarPackage, host, fitting, installed, mayGoBack: true);
    }

    /// <summary>
    /// Chooses the newest agent. A downgrade is never chosen, because an older agent may not understand the files of this one.
    /// </summary>
    public static PackageChoice ForAgent(MeshConfig config, PackageHost host, string? installed) =>
        Choose(AgentPackage, host, Offers(config, AgentPackage, host), installed, mayGoBack: false);

    private static PackageChoice Choose(string name, PackageHost host, List<Package> offers, string? installed, bool mayGoBack)
    {
        var newest = Newest(host.Format, offers);
        if (newest is null)
            return new(PackageOutcome.NotOffered,
                $"the mesh configuration offers no {name} package of the format {host.Format.Word()} for "
                    + $"{DebianArchitecture(host.Architecture)}");

        var order = installed is null ? 1 : host.Format.CompareOffer(newest.Version, installed);
        if (order == 0)
            return new(PackageOutcome.Installed, $"{name} {installed} is installed");
        if (order < 0 && !mayGoBack)
            return new(PackageOutcome.Installed,
                $"{name} {installed} is installed, which is newer than the {newest.Version} that the mesh configuration offers");
        if (newest.Sha256 is null)
            return new(PackageOutcome.NoChecksum, $"{name} {newest.Version} is not installed: the mesh configuration has no sha256 of it");
        if (!host.SourceIsTrusted)
        {
            return new(PackageOutcome.UntrustedSource,
                $"{name} {newest.Version} is not installed: the dashboard that offers it uses plain http; "
                + "use https, or accept the risk: sidecar.allowPlaintextPackages: true");
        }

        if (host.Trust.NeverAllowedReason(newest) is { } never)
            return new(PackageOutcome.NoTrustedKey, $"{name} {newest.Version} is not installed: {never}");

        var from = installed is null ? "" : order < 0 ? $", in the place of the newer {installed}" : $", in the place of {installed}";
        return new(PackageOutcome.Install, $"install {name} {newest.Version}{from}", newest);
    }

    // Of two packages with the same version, the one with a checksum can be installed.
    private static Package? Newest(PackageFormat format, IEnumerable<Package> offers) => offers.Aggregate((Package?)null, (best, offer) =>
        best is null || format.Compare(offer.Version, best.Version) is var order && (order > 0 || (order == 0 && best.Sha256 is null))
            ? offer
            : best);

    private static List<Package> Offers(MeshConfig config, string name, PackageHost host) =>
        config.Packages.Where(package =>
            package.Name == name && package.Format == host.Format && DebianArchitecture(package.Architecture) is var architecture
            && (architecture == "all" || architecture == DebianArchitecture(host.Architecture))).ToList();

    private static string Listed(IEnumerable<Package> offers) =>
        string.Join(", ", offers.Select(offer => offer.Version).Distinct().Take(5));

    /// <summary>Converts the name of an architecture of any distribution to the one that Debian and the contract use.</summary>
    public static string DebianArchitecture(string word) => word switch
    {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "noarch" => "all",
        _ => word,
    };
}
