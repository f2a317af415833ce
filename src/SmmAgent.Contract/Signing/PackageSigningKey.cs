using System.Diagnostics.CodeAnalysis;
using System.Formats.Asn1;
using System.Security.Cryptography;

namespace SmmAgent.Contract.Signing;

/// <summary>A private key that signs package lists: PKCS#8 in PEM, as <c>openssl genpkey -algorithm ed25519</c> writes it.</summary>
public sealed class PackageSigningKey
{
    private const string Label = "PRIVATE KEY";
    private const string Oid = "1.3.101.112";
    private const string Make = "openssl genpkey -algorithm ed25519 -out KEY makes one";

    private readonly byte[] _seed;

    private PackageSigningKey(byte[] seed, PackageKey publicKey) => (_seed, Public) = (seed, publicKey);

    /// <summary>The public half.</summary>
    public PackageKey Public { get; }

    /// <summary>Makes a key of 32 bytes of the system's randomness.</summary>
    public static PackageSigningKey New() =>
        Create(RandomNumberGenerator.GetBytes(Ed25519.SeedBytes), out var reason) ?? throw new CryptographicException(reason);

    /// <summary>Reads a key.</summary>
    /// <param name="pem">The file's text.</param>
    /// <param name="reason">The reason why the key cannot be used; null if it can.</param>
    public static bool TryParse(string pem, [NotNullWhen(true)] out PackageSigningKey? key, [NotNullWhen(false)] out string? reason)
    {
        key = null;
        if (!PemEncoding.TryFind(pem, out var fields))
        {
            reason = $"has no PEM block: {Make}";
            return false;
        }

        var label = pem[fields.Label];
        reason = label == "ENCRYPTED " + Label
            ? "is encrypted: decrypt it for this call, for example: openssl pkey -in KEY | smm-dashboard sign-packages --key /dev/stdin DIR"
            : label != Label ? $"has the PEM label '{NameRules.Shown(label)}', not '{Label}': {Make}"
            : null;
        if (reason is not null)
            return false;

        key = Seed(Convert.FromBase64String(pem[fields.Base64Data])) is { } seed ? Create(seed, out reason) : null;
        reason = key is null ? reason ?? $"is not an Ed25519 key in PKCS#8: {Make}" : null;
        return key is not null;
    }

    /// <summary>The signature of a message.</summary>
    public byte[] Sign(ReadOnlySpan<byte> message) => Ed25519.Sign(_seed, message);

    /// <summary>The key as PEM, which openssl can read.</summary>
    public string Pem()
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteInteger(0);
            using (writer.PushSequence())
                writer.WriteObjectIdentifier(Oid);
            using (writer.PushOctetString())
                writer.WriteOctetString(_seed);
        }

        return PemEncoding.WriteString(Label, writer.Encode()) + "\n";
    }

    private static PackageSigningKey? Create(byte[] seed, out string? reason) =>
        PackageKey.TryMake(Ed25519.PublicKeyOf(seed), out var publicKey, out reason) ? new(seed, publicKey) : null;

    // PrivateKeyInfo of RFC 5958: version, algorithm, the key as an octet string in an octet string, then optional fields.
    private static byte[]? Seed(byte[] der)
    {
        try
        {
            var info = new AsnReader(der, AsnEncodingRules.DER).ReadSequence();
            info.ReadInteger();
            if (info.ReadSequence().ReadObjectIdentifier() != Oid)
                return null;
            var seed = new AsnReader(info.ReadOctetString(), AsnEncodingRules.DER).ReadOctetString();
            return seed.Length == Ed25519.SeedBytes ? seed : null;
        }
        catch (AsnContentException)
        {
            return null;
        }
    }
}
