using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace SmmDashboard.Tokens;

/// <summary>The header <c>Authorization: Bearer TOKEN</c>. Only the token's SHA-256 leaves this class.</summary>
public static class BearerToken
{
    private const int MaximumLength = 12 * 1024;
    private const string Scheme = "Bearer ";

    public static bool TryRead(
        HttpRequest request, TimeProvider clock, [NotNullWhen(true)] out byte[]? sha256, [NotNullWhen(false)] out string? reason)
    {
        sha256 = null;
        var headers = request.Headers.Authorization;
        var header = headers.Count == 1 ? headers[0]! : "";
        var token = header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? header[Scheme.Length..].Trim(' ') : "";
        reason = headers.Count == 0 ? "the header Authorization: Bearer TOKEN is missing"
            : token.Length is 0 or > MaximumLength || !token.All(IsTokenCharacter) ? "the header Authorization is not of the form Bearer TOKEN"
            : Jwt.ExpiresAt(token) is { } expiry && expiry <= clock.GetUtcNow() ? "the token has expired; set a new one: smm-agent set bearer-token"
            : null;
        if (reason is null)
            sha256 = SHA256.HashData(Encoding.ASCII.GetBytes(token));
        return reason is null;
    }

    // token68 of RFC 9110.
    private static bool IsTokenCharacter(char c) => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_' or '~' or '+' or '/' or '=';
}
