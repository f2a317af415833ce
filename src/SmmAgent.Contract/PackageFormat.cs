namespace SmmAgent.Contract;

/// <summary>The kind of packages that a distribution has.</summary>
public enum PackageFormat
{
    /// <summary>Debian's and its like.</summary>
    Deb,

    /// <summary>RHEL's, Fedora's, SUSE's and their like.</summary>
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

    /// <summary>The program's own version, as Istio numbers it: without epoch and revision.</summary>
    public static string Upstream(string version) => VersionParts.Of(version).Version;

    /// <summary>Compares the program's own versions only.</summary>
    public static int CompareUpstream(this PackageFormat format, string a, string b) =>
        Compare(format, new VersionParts("0", Upstream(a), null), new VersionParts("0", Upstream(b), null));

    private static int Compare(PackageFormat format, VersionParts a, VersionParts b)
    {
        Func<string, string, int> part = format == PackageFormat.Deb ? DebianVersion.ComparePart : RpmVersion.ComparePart;
        return part(a.Epoch, b.Epoch) is var epoch and not 0 ? epoch
            : part(a.Version, b.Version) is var version and not 0 ? version
            : part(a.Revision ?? "", b.Revision ?? "");
    }
}
