using System.Text;
using System.Text.Json;

namespace SmmAgent.Contract.Signing;

/// <summary>A package list with its signatures in one file: an envelope of DSSE, the Dead Simple Signing Envelope 1.0.</summary>
/// <remarks>
/// The payload is signed as it is, so only the envelope is parsed before a signature is verified. The signed bytes contain the type of
/// the payload, so a signature of this key for another type is never valid.
/// </remarks>
public sealed record SignedPackageList
{
    /// <summary>The file's name, below <c>/packages/</c>.</summary>
    public const string FileName = "package-list.json";

    /// <summary>The type of <see cref="Payload"/>.</summary>
    public const string Type = "application/vnd.smm.package-list+json";

    /// <summary>The largest file that is read, in bytes (1 MiB).</summary>
    public const int MaximumBytes = 1024 * 1024;

    /// <summary>The maximum number of signatures.</summary>
    public const int MaximumSignatures = 16;

    /// <summary>The type of <see cref="Payload"/>: <see cref="Type"/>.</summary>
    public required string PayloadType { get; init; }

    /// <summary>The list, in base64.</summary>
    public required string Payload { get; init; }

    /// <summary>One signature for each key.</summary>
    public required IReadOnlyList<ListSignature> Signatures { get; init; }

    /// <summary>The file's bytes.</summary>
    public static byte[] Seal(PackageList list, IReadOnlyList<PackageSigningKey> keys)
    {
        var payload = list.Write();
        var signed = Signed(Type, payload);
        return PackageListJson.Write(new SignedPackageList
        {
            PayloadType = Type,
            Payload = Convert.ToBase64String(payload),
            Signatures =
                keys.Select(key => new ListSignature { KeyId = key.Public.Id, Sig = Convert.ToBase64String(key.Sign(signed)) })
                    .ToArray(),
        });
    }

    /// <summary>Verifies a file and reads its list.</summary>
    /// <param name="trusted">The trusted keys. The signature of one of them is enough.</param>
    public static ListOpening Open(ReadOnlySpan<byte> file, IReadOnlyList<PackageKey> trusted)
    {
        if (Ed25519.UnavailableReason is { } unavailable)
            return new ListOpening.Refused(ListError.NotVerifiable, unavailable);
        if (Read(file) is not { } envelope || Bytes(envelope.Payload) is not { } payload)
            return new ListOpening.Refused(ListError.Malformed, "is not a signed package list");
        if (envelope.PayloadType != Type)
            return new ListOpening.Refused(ListError.Malformed, $"has the type '{NameRules.Shown(envelope.PayloadType)}', not '{Type}'");

        var signed = Signed(envelope.PayloadType, payload);
        var candidates = envelope.Signatures
            .Select(signature => (signature.Sig, Key: trusted.FirstOrDefault(key => key.Id == signature.KeyId)))
            .Where(candidate => candidate.Key is not null)
            .ToList();
        if (candidates.Count == 0)
        {
            var signers = envelope.Signatures.Select(signature => NameRules.Shown(signature.KeyId)).Take(4).ToList();
            return new ListOpening.Refused(
                ListError.UnknownKey,
                $"is {(signers.Count == 0 ? "not signed" : $"signed by {string.Join(", ", signers)}")}, and the trusted keys are "
                    + $"{string.Join(", ", trusted)}");
        }

        var signer = candidates.FirstOrDefault(
            candidate => Bytes(candidate.Sig) is { } signature && candidate.Key!.Verifies(signed, signature)).Key;
        if (signer is null)
            return new ListOpening.Refused(
                ListError.BadSignature, $"does not fit its signature by {candidates[0].Key}: it was changed after it was signed");

        var (list, reason) = PackageList.Read(payload);
        return list is null ? new ListOpening.Refused(ListError.Malformed, $"is signed by {signer}, but {reason}")
            : new ListOpening.Opened(list, signer);
    }

    // DSSE's pre-authentication encoding.
    private static byte[] Signed(string type, byte[] payload) =>
        [.. Encoding.UTF8.GetBytes($"DSSEv1 {Encoding.UTF8.GetByteCount(type)} {type} {payload.Length} "), .. payload];

    private static SignedPackageList? Read(ReadOnlySpan<byte> file)
    {
        try
        {
            return file.Length <= MaximumBytes
                && PackageListJson.ReadSigned(file) is { Signatures.Count: <= MaximumSignatures } envelope
                && envelope.Signatures.All(signature => signature is not null)
                ? envelope
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static byte[]? Bytes(string base64)
    {
        var bytes = new byte[base64.Length];
        return Convert.TryFromBase64String(base64, bytes, out var length) ? bytes[..length] : null;
    }
}

/// <summary>A signature of a list.</summary>
public sealed record ListSignature
{
    /// <summary>The <see cref="PackageKey.Id"/> of its key. It is only a hint which key to try.</summary>
    public required string KeyId { get; init; }

    /// <summary>The signature, in base64.</summary>
    public required string Sig { get; init; }
}

/// <summary>The result of reading a signed list.</summary>
public abstract record ListOpening
{
    private ListOpening()
    {
    }

    /// <param name="List">The list.</param>
    /// <param name="Key">The key that signed it.</param>
    public sealed record Opened(PackageList List, PackageKey Key) : ListOpening;

    /// <param name="Error">What is wrong with it.</param>
    /// <param name="Message">The same in words, which go on after "the list".</param>
    public sealed record Refused(ListError Error, string Message) : ListOpening;
}

/// <summary>Why a signed list is refused.</summary>
public enum ListError
{
    /// <summary>It cannot be read.</summary>
    Malformed,

    /// <summary>No trusted key has signed it.</summary>
    UnknownKey,

    /// <summary>A signature with the id of a trusted key is not valid for this list.</summary>
    BadSignature,

    /// <summary>This host cannot compute signatures.</summary>
    NotVerifiable,
}
