using SmmAgent.Contract;
using SmmAgent.Contract.Signing;
using SmmAgent.Core.Settings;

namespace SmmAgent.Core.Packages;

/// <summary>The packages that agent.yaml lets root install. The dashboard cannot extend this.</summary>
/// <remarks>
/// A package of the agent must be named by a package list that a trusted key has signed. So must one of the sidecar, unless agent.yaml has
/// its SHA-256, or allows unsigned ones.
/// </remarks>
/// <param name="Keys">The keys that may sign package lists.</param>
public sealed record PackageTrust(IReadOnlyList<PackageKey> Keys, bool AllowsUnsignedSidecar, IReadOnlyList<string> SidecarSha256s)
{
    /// <summary>What to do where a package cannot be allowed by a list.</summary>
    public const string HowToTrust = "add the key that signs the dashboard's packages to packages.trustedKeys in /etc/smm/agent.yaml";

    private const string HowToPin = "; or its SHA-256 to sidecar.packageSha256s there";

    public static PackageTrust From(AgentSettings settings) =>
        new(settings.TrustedKeys ?? BuiltInKeys.All, settings.Sidecar.AllowUnsignedPackages, settings.Sidecar.PackageSha256s);

    /// <summary>Whether no list is needed.</summary>
    public bool AllowsWithoutList(Package package) => package.Name == PackageChoice.SidecarPackage
        && (AllowsUnsignedSidecar || (package.Sha256 is { } sha256 && SidecarSha256s.Contains(sha256, StringComparer.OrdinalIgnoreCase)));

    /// <summary>Why no list that a dashboard could serve allows the package; null when one may.</summary>
    public string? NeverAllowedReason(Package package) => Keys.Count > 0 || AllowsWithoutList(package)
        ? null
        : $"no key is trusted that could sign it: {HowToTrust}{(package.Name == PackageChoice.SidecarPackage ? HowToPin : "")}";

    /// <summary>Why a list does not allow a package; null when it does.</summary>
    /// <param name="accepted">When the newest list of the same key was issued that this host has accepted; null for none.</param>
    public static (PackageFailureReason Fault, string Reason)? Refusal(PackageList list, Package package, DateTimeOffset? accepted,
        DateTimeOffset now)
    {
        if (list.Issued < accepted)
            return (PackageFailureReason.ListSuperseded,
                $"the dashboard's package list was signed at {TimeText.Format(list.Issued)}, and this host has accepted one of "
                    + $"{TimeText.Format(accepted.Value)}");
        if (now >= list.Expires)
            return (PackageFailureReason.ListExpired, $"the dashboard's package list was valid until {TimeText.Format(list.Expires)}");

        var listed = list.Packages.FirstOrDefault(one => Names(one, package));
        if (listed is null)
        {
            var has = list.Packages.Any(one => one.Name == package.Name && one.Version == package.Version && one.Format == package.Format);
            return (PackageFailureReason.NotInList,
                $"the dashboard's package list {(has ? "lists another SHA-256 for it" : "does not list it")}");
        }

        return list.MinimumVersions.TryGetValue(package.Name, out var minimum) && package.Format.CompareOffer(minimum, listed.Version) > 0
            ? (PackageFailureReason.BelowMinimum, $"the dashboard's package list requires at least {minimum}")
            : null;
    }

    private static bool Names(ListedPackage listed, Package package) =>
        listed.Sha256.Equals(package.Sha256, StringComparison.OrdinalIgnoreCase)
        && listed.Name == package.Name && listed.Format == package.Format
        && PackageChoice.DebianArchitecture(listed.Architecture) == PackageChoice.DebianArchitecture(package.Architecture)
        && package.Format.CompareOffer(package.Version, listed.Version) == 0
        && (package.Size is null || package.Size == listed.Size);
}
