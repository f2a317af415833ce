using System.Text.Json;

namespace SmmAgent.Contract.Signing;

/// <summary>Writes and reads a package list and its envelope.</summary>
internal static class PackageListJson
{
    private const int MaximumDepth = 8;

    public static byte[] Write(PackageList list) => JsonOutput.Write(list, static (writer, list) =>
    {
        writer.WriteNumber("format", list.Format);
        writer.WriteTime("issued", list.Issued);
        writer.WriteTime("expires", list.Expires);
        writer.WriteStartObject("minimumVersions");
        foreach (var (name, version) in list.MinimumVersions)
            writer.WriteString(name, version);
        writer.WriteEndObject();
        writer.WriteList("packages", list.Packages, Write);
    });

    public static byte[] Write(SignedPackageList envelope) => JsonOutput.Write(envelope, static (writer, envelope) =>
    {
        writer.WriteString("payloadType", envelope.PayloadType);
        writer.WriteString("payload", envelope.Payload);
        writer.WriteList("signatures", envelope.Signatures, static (writer, signature) =>
        {
            writer.WriteString("keyid", signature.KeyId);
            writer.WriteString("sig", signature.Sig);
        });
    });

    /// <exception cref="JsonException">The text is not a package list.</exception>
    public static PackageList? Read(ReadOnlySpan<byte> json) =>
        JsonInput.Read(json, ReadList, allowsDuplicates: false, MaximumDepth);

    /// <exception cref="JsonException">The text is not an envelope.</exception>
    public static SignedPackageList? ReadSigned(ReadOnlySpan<byte> json) =>
        JsonInput.Read(json, ReadEnvelope, allowsDuplicates: false, MaximumDepth);

    private static void Write(Utf8JsonWriter writer, ListedPackage package)
    {
        writer.WriteString("name", package.Name);
        writer.WriteString("version", package.Version);
        writer.WriteString("format", package.Format.Word());
        writer.WriteString("architecture", package.Architecture);
        writer.WriteNumber("size", package.Size);
        writer.WriteString("sha256", package.Sha256);
    }

    private static PackageList ReadList(JsonInput json) => new()
    {
        Format = json.Required("format").Number(),
        Issued = json.Required("issued").Time(),
        Expires = json.Required("expires").Time(),
        MinimumVersions =
            json.Optional("minimumVersions").Map(version => version.TextOrNull()!) ?? new Dictionary<string, string>(),
        Packages = json.Required("packages").List(package => package.MembersOrNull(ReadPackage)!),
    };

    private static ListedPackage ReadPackage(JsonInput json) => new()
    {
        Name = json.Required("name").Text(),
        Version = json.Required("version").Text(),
        Format = PackageFormats.Parse(json.Required("format").Text() ?? ""),
        Architecture = json.Required("architecture").Text(),
        Size = json.Required("size").LargeNumber(),
        Sha256 = json.Required("sha256").Text(),
    };

    private static SignedPackageList ReadEnvelope(JsonInput json) => new()
    {
        PayloadType = json.Required("payloadType").Text(),
        Payload = json.Required("payload").Text(),
        Signatures = json.Required("signatures").List(signature => signature.MembersOrNull(ReadSignature)!),
    };

    private static ListSignature ReadSignature(JsonInput json) => new()
    {
        KeyId = json.Required("keyid").Text(),
        Sig = json.Required("sig").Text(),
    };
}
