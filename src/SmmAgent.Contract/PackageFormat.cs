using System.Text.Json;
using System.Text.Json.Serialization;

namespace SmmAgent.Contract;

/// <summary>The format of a distribution's packages. In JSON it is one of the texts of <see cref="PackageFormats.Word"/>.</summary>
[JsonConverter(typeof(PackageFormatConverter))]
public enum PackageFormat
{
    /// <summary>A format that this version does not know.</summary>
    Unknown,

    /// <summary>Debian and its derivatives.</summary>
    Deb,

    /// <summary>RHEL, Fedora, SUSE and their derivatives.</summary>
    Rpm,
}

/// <summary>Reads and writes a <see cref="PackageFormat"/>.</summary>
public sealed class PackageFormatConverter : JsonConverter<PackageFormat>
{
    /// <inheritdoc/>
    public override PackageFormat Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String ? PackageFormats.Parse(reader.GetString()!) : throw new JsonException();

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, PackageFormat value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.Word());
}

/// <summary>Compares package versions by the rules of the distribution that installs them.</summary>
public static class PackageFormats
{
    /// <summary>The word of the contract, which is also the extension of a package's file.</summary>
    public static string Word(this PackageFormat format) => format switch
    {
        PackageFormat.Deb => "deb",
        PackageFormat.Rpm => "rpm",
        _ => "unknown",
    };

    /// <summary>The format that a word of the contract names.</summary>
    public static PackageFormat Parse(string word) => word switch
    {
        "deb" => PackageFormat.Deb,
        "rpm" => PackageFormat.Rpm,
        _ => PackageFormat.Unknown,
    };

    /// <returns>Negative if <paramref name="a"/> is older, positive if it is newer, zero if both are equal.</returns>
    public static int Compare(this PackageFormat format, string a, string b) =>
        Compare(format, VersionParts.Parse(a), VersionParts.Parse(b));

    /// <summary>Compares an offered version with an installed one. An offer without a revision matches any revision.</summary>
    public static int CompareOffer(this PackageFormat format, string offered, string installed)
    {
        var (offer, have) = (VersionParts.Parse(offered), VersionParts.Parse(installed));
        return Compare(format, offer, offer.Revision is null ? have with { Revision = null } : have);
    }

    /// <summary>The program's own version, as Istio numbers it: without epoch and revision.</summary>
    public static string Upstream(string version) => VersionParts.Parse(version).Version;

    /// <summary>Compares the program's own versions only.</summary>
    public static int CompareUpstream(this PackageFormat format, string a, string b) =>
        Compare(format, new VersionParts("0", Upstream(a), null), new VersionParts("0", Upstream(b), null));

    private static int Compare(PackageFormat format, VersionParts a, VersionParts b)
    {
        Func<string, string, int> part = format == PackageFormat.Rpm ? RpmVersion.ComparePart : DebianVersion.ComparePart;
        return part(a.Epoch, b.Epoch) is var epoch and not 0 ? epoch
            : part(a.Version, b.Version) is var version and not 0 ? version
            : part(a.Revision ?? "", b.Revision ?? "");
    }
}
