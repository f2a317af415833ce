using System.Security.Cryptography;
using SmmDashboard.Access;

namespace SmmDashboard.Embedded.Tokens;

/// <summary>The ES256 key of the dashboard. It leaves this class only into its file (0600).</summary>
public sealed class SigningKey : IDisposable
{
    private const string FileName = "signing-key.pem";

    private readonly Lock _lock = new();
    private readonly ECDsa _key;

    private SigningKey(ECDsa key)
    {
        _key = key;
        Id = Jwt.Encode(SHA256.HashData(key.ExportSubjectPublicKeyInfo()).AsSpan(0, 12));
    }

    /// <summary>The hash of the public key, for the header <c>kid</c>.</summary>
    public string Id { get; }

    /// <summary>Opens the key in the folder and creates it at the first start. Without a folder, the key exists in memory only.</summary>
    public static SigningKey Open(string? folder)
    {
        if (folder is null)
            return new SigningKey(ECDsa.Create(ECCurve.NamedCurves.nistP256));

        var path = Path.Combine(folder, FileName);
        if (OwnerOnlyFile.Read(path, limit: 16 * 1024) is not { } pem)
        {
            var made = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            OwnerOnlyFile.Write(path, System.Text.Encoding.ASCII.GetBytes(made.ExportPkcs8PrivateKeyPem()), durable: true);
            return new SigningKey(made);
        }

        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(System.Text.Encoding.ASCII.GetString(pem));
            return key.KeySize == 256 ? new SigningKey(key) : throw new CryptographicException("is not a P-256 key");
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            key.Dispose();
            throw new InvalidDataException(
                $"{path} does not contain an EC P-256 private key in PEM; remove the file to have a new one created");
        }
    }

    public byte[] Sign(byte[] data)
    {
        lock (_lock)
            return _key.SignData(data, HashAlgorithmName.SHA256);
    }

    public bool Verify(byte[] data, byte[] signature)
    {
        lock (_lock)
            return _key.VerifyData(data, signature, HashAlgorithmName.SHA256);
    }

    public void Dispose() => _key.Dispose();
}
