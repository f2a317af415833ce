using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace SmmAgent.Contract.Signing;

/// <summary>The public half of a key that signs package lists.</summary>
/// <remarks>
/// It is written as the one line of base64 in the PEM file of <c>openssl pkey -pubout</c>: 60 characters that begin with
/// <c>MCowBQYDK2VwAyEA</c>, the SubjectPublicKeyInfo of RFC 8410.
/// </remarks>
public sealed class PackageKey : IEquatable<PackageKey>
{
    /// <summary>How many characters a key in one line has.</summary>
    public const int TextLength = 60;

    private const string Example = "it is the line between BEGIN PUBLIC KEY and END PUBLIC KEY that 'openssl pkey -in KEY -pubout' prints";

    private static readonly byte[] Prefix = Convert.FromHexString("302a300506032b6570032100");

    // The y coordinates of the points of small order, little-endian, without the sign bit. With such a key one signature may be valid
    // for every message.
    private static readonly byte[][] SmallOrder =
    [
        Convert.FromHexString("0000000000000000000000000000000000000000000000000000000000000000"),
        Convert.FromHexString("0100000000000000000000000000000000000000000000000000000000000000"),
        Convert.FromHexString("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
        Convert.FromHexString("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
        Convert.FromHexString("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
    ];

    private readonly byte[] _bytes;

    private PackageKey(byte[] bytes)
    {
        _bytes = bytes;
        Text = Convert.ToBase64String([.. Prefix, .. bytes]);
        Id = Convert.ToHexStringLower(SHA256.HashData([.. Prefix, .. bytes]).AsSpan(0, 8));
    }

    /// <summary>The key as agent.yaml has it.</summary>
    public string Text { get; }

    /// <summary>The key id: the first 16 hexadecimal digits of the SHA-256 of the SubjectPublicKeyInfo.</summary>
    public string Id { get; }

    /// <summary>Reads a key in one line.</summary>
    /// <param name="reason">The reason why the text is not a key; null if it is one.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out PackageKey? key, [NotNullWhen(false)] out string? reason)
    {
        key = null;
        Span<byte> der = stackalloc byte[64];
        if (text.Length != TextLength || !Convert.TryFromBase64String(text, der, out var length)
            || length != Prefix.Length + Ed25519.PublicKeyBytes
            || !der.StartsWith(Prefix) || Convert.ToBase64String(der[..length]) != text)
        {
            reason = $"'{NameRules.Shown(text)}' is not an Ed25519 public key in base64: {Example}";
            return false;
        }

        return TryMake(der[Prefix.Length..length], out key, out reason);
    }

    internal static bool TryMake(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out PackageKey? key, [NotNullWhen(false)] out string? reason)
    {
        var y = bytes.ToArray();
        y[^1] &= 0x7f;
        // Values from 2^255 - 19 are a second encoding of a small y.
        var isCanonical = y[^1] != 0x7f || y.AsSpan(1, 30).ContainsAnyExcept((byte)0xff) || y[0] < 0xed;
        key = isCanonical && !SmallOrder.Any(point => y.AsSpan().SequenceEqual(point)) ? new(bytes.ToArray()) : null;
        reason = key is null
            ? $"'{Convert.ToBase64String([.. Prefix, .. bytes])}' is an Ed25519 public key of small order, which does not protect "
                + "anything: make another one" : null;
        return key is not null;
    }

    /// <summary>Whether a signature is valid for this message and this key.</summary>
    /// <exception cref="PlatformNotSupportedException"><see cref="Ed25519.UnavailableReason"/> has the reason.</exception>
    public bool Verifies(ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature) => Ed25519.Verify(_bytes, message, signature);

    /// <inheritdoc/>
    public bool Equals(PackageKey? other) => other is not null && other.Text == Text;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as PackageKey);

    /// <inheritdoc/>
    public override int GetHashCode() => Text.GetHashCode(StringComparison.Ordinal);

    /// <inheritdoc/>
    public override string ToString() => Id;
}
