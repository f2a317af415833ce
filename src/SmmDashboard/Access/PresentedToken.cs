using System.Security.Cryptography;
using System.Text;
using SmmDashboard.Groups;

namespace SmmDashboard.Access;

/// <summary>A bearer token as the client presented it. <see cref="ToString"/> hides it, so that it is not printed by accident.</summary>
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

    /// <summary>The expiry that the token claims; null when it is not a JWT. The signature is not verified.</summary>
    public DateTimeOffset? ExpiresAt { get; }

    /// <summary>The service account that the token claims. The signature is not verified.</summary>
    public ServiceAccount? ClaimedAccount { get; }

    public string Reveal() => _token;

    public override string ToString() => "a bearer token";
}
