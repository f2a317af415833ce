using System.Security.Cryptography;
using System.Text;
using SmmDashboard.Groups;

namespace SmmDashboard.Access;

/// <summary>A bearer token as it was presented. It is printed nowhere by accident.</summary>
public sealed class PresentedToken
{
    private readonly string _token;

    public PresentedToken(string token)
    {
        _token = token;
        Sha256 = SHA256.HashData(Encoding.ASCII.GetBytes(token));
        if (token.Split('.') is not [_, var payload, _] || !Jwt.TryDecode(payload, out var claims))
            return;

        ExpiresAt = Jwt.Time(claims, "exp");
        ClaimedAccount = ServiceAccount.FromSubject(Jwt.Text(claims, "sub"));
    }

    public byte[] Sha256 { get; }

    /// <summary>When it says that it expires; null when it is no JWT. Its signature was not checked.</summary>
    public DateTimeOffset? ExpiresAt { get; }

    /// <summary>Whose it says that it is. Its signature was not checked.</summary>
    public ServiceAccount? ClaimedAccount { get; }

    public string Reveal() => _token;

    public override string ToString() => "a bearer token";
}
