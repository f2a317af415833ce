using System.Security.Cryptography;
using System.Text;

namespace SmmDashboard.Tokens;

/// <summary>A bearer token as it was presented. It is printed nowhere by accident.</summary>
public sealed class PresentedToken(string token)
{
    public byte[] Sha256 { get; } = SHA256.HashData(Encoding.ASCII.GetBytes(token));

    /// <summary>When it says that it expires; null when it is no JWT. Its signature was not checked.</summary>
    public DateTimeOffset? ExpiresAt { get; } = Jwt.ExpiresAt(token);

    public string Reveal() => token;

    public override string ToString() => "a bearer token";
}
