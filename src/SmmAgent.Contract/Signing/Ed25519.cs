using System.Security.Cryptography;

namespace SmmAgent.Contract.Signing;

/// <summary>
/// Ed25519 signatures (RFC 8032, the pure variant), computed by OpenSSL's libcrypto, because System.Security.Cryptography does not
/// support them.
/// </summary>
public static unsafe class Ed25519
{
    /// <summary>The length of a public key, in bytes.</summary>
    public const int PublicKeyBytes = 32;

    /// <summary>The length of a private key (its seed), in bytes.</summary>
    public const int SeedBytes = 32;

    /// <summary>The length of a signature, in bytes.</summary>
    public const int SignatureBytes = 64;

    private static readonly Lazy<string?> Reason = new(Probe);

    /// <summary>The reason why this host cannot compute Ed25519; null if it can.</summary>
    public static string? UnavailableReason => Reason.Value;

    /// <summary>
    /// Whether a signature is valid for this message and this key. Keys and signatures of a wrong length, and those that RFC 8032
    /// refuses, are never valid.
    /// </summary>
    /// <exception cref="PlatformNotSupportedException"><see cref="UnavailableReason"/> has the reason.</exception>
    public static bool Verify(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        var crypto = Crypto();
        if (publicKey.Length != PublicKeyBytes || signature.Length != SignatureBytes)
            return false;

        void* key = null, context = null;
        try
        {
            fixed (byte* keyBytes = publicKey, text = message, signed = signature)
            {
                key = crypto.NewPublicKey(LibCrypto.KeyType, null, keyBytes, PublicKeyBytes);
                context = crypto.NewContext();
                return key != null && context != null
                    && crypto.BeginVerify(context, null, null, null, key) == 1
                    && crypto.Verify(context, signed, SignatureBytes, text, (nuint)message.Length) == 1;
            }
        }
        finally
        {
            Free(crypto, key, context);
        }
    }

    /// <summary>The signature of a message.</summary>
    /// <exception cref="PlatformNotSupportedException"><see cref="UnavailableReason"/> has the reason.</exception>
    public static byte[] Sign(ReadOnlySpan<byte> seed, ReadOnlySpan<byte> message)
    {
        var signature = new byte[SignatureBytes];
        WithSeed(seed, message, signature, static (crypto, key, text, length, into) =>
        {
            var context = crypto.NewContext();
            nuint written = SignatureBytes;
            var isDone = context != null
                && crypto.BeginSign(context, null, null, null, key) == 1
                && crypto.Sign(context, into, &written, text, length) == 1
                && written == SignatureBytes;
            Free(crypto, null, context);
            return isDone;
        });
        return signature;
    }

    /// <summary>The public key of a private one.</summary>
    /// <exception cref="PlatformNotSupportedException"><see cref="UnavailableReason"/> has the reason.</exception>
    public static byte[] PublicKeyOf(ReadOnlySpan<byte> seed)
    {
        var publicKey = new byte[PublicKeyBytes];
        WithSeed(seed, [], publicKey, static (crypto, key, _, _, into) =>
        {
            nuint written = PublicKeyBytes;
            return crypto.GetPublicKey(key, into, &written) == 1 && written == PublicKeyBytes;
        });
        return publicKey;
    }

    private delegate bool Operation(LibCrypto crypto, void* key, byte* text, nuint length, byte* into);

    private static void WithSeed(ReadOnlySpan<byte> seed, ReadOnlySpan<byte> message, byte[] into, Operation operation)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(seed.Length, SeedBytes);
        var crypto = Crypto();
        void* key = null;
        try
        {
            fixed (byte* seedBytes = seed, text = message, written = into)
            {
                key = crypto.NewPrivateKey(LibCrypto.KeyType, null, seedBytes, SeedBytes);
                if (key == null || !operation(crypto, key, text, (nuint)message.Length, written))
                    throw new CryptographicException("libcrypto did not sign");
            }
        }
        finally
        {
            Free(crypto, key, null);
        }
    }

    private static void Free(LibCrypto crypto, void* key, void* context)
    {
        crypto.FreeContext(context);
        crypto.FreeKey(key);
        crypto.ClearErrors();
    }

    private static LibCrypto Crypto() =>
        UnavailableReason is { } reason ? throw new PlatformNotSupportedException(reason) : LibCrypto.Find()!;

    // An existing libcrypto may refuse the algorithm, for example in FIPS mode.
    private static string? Probe()
    {
        if (LibCrypto.Find() is not { } crypto)
            return "this host has no libcrypto of OpenSSL 1.1.1 or later, which computes Ed25519";

        Span<byte> seed = stackalloc byte[SeedBytes];
        seed.Clear();
        fixed (byte* bytes = seed)
        {
            var key = crypto.NewPrivateKey(LibCrypto.KeyType, null, bytes, SeedBytes);
            var context = crypto.NewContext();
            var works = key != null && context != null && crypto.BeginVerify(context, null, null, null, key) == 1;
            Free(crypto, key, context);
            return works ? null : "this host's libcrypto refuses Ed25519: FIPS mode may be on";
        }
    }
}
