namespace SmmAgent.Core.Packages;

/// <summary>The kind of packages that a distribution has.</summary>
public enum PackageFormat
{
    Deb,
    Rpm,
}

/// <summary>How versions of packages are ordered, by the rules of the distribution that installs them.</summary>
public static class PackageFormats
{
    /// <summary>The contract's word.</summary>
    public static string Word(this PackageFormat format) => format == PackageFormat.Deb ? "deb" : "rpm";

    /// <returns>Negative when <paramref name="a"/> is the older, positive when it is the newer, zero for the same.</returns>
    public static int Compare(this PackageFormat format, string a, string b) => Compare(format, VersionParts.Of(a), VersionParts.Of(b));

    /// <summary>Compares an offered version with an installed one: an offer that names no revision means any revision.</summary>
    public static int CompareOffer(this PackageFormat format, string offered, string installed)
    {
        var (offer, have) = (VersionParts.Of(offered), VersionParts.Of(installed));
        return Compare(format, offer, offer.Revision is null ? have with { Revision = null } : have);
    }

    /// <summary>Compares the program's own version only, as Istio numbers it.</summary>
    public static int CompareUpstream(this PackageFormat format, string a, string b) =>
        Compare(format, new VersionParts("0", VersionParts.Of(a).Version, null), new VersionParts("0", VersionParts.Of(b).Version, null));

    private static int Compare(PackageFormat format, VersionParts a, VersionParts b) =>
        format == PackageFormat.Deb ? DebianVersion.Compare(a, b) : RpmVersion.Compare(a, b);
}
