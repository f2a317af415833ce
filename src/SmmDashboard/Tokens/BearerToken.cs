using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using SmmDashboard.Http;

namespace SmmDashboard.Tokens;

/// <summary>The header <c>Authorization: Bearer TOKEN</c>. Only the token's SHA-256 leaves this class.</summary>
public static class BearerToken
{
    private const int MaximumLength = 12 * 1024;
    private const string Scheme = "Bearer ";

    public static bool TryRead(
        HttpRequest request, TimeProvider clock, [NotNullWhen(true)] out byte[]? sha256, [NotNullWhen(false)] out ApiProblem? problem)
    {
        sha256 = null;
        var headers = request.Headers.Authorization;
        var header = headers.Count == 1 ? headers[0]! : "";
        var token = header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? header[Scheme.Length..].Trim(' ') : "";
        problem = headers.Count == 0 ? ApiProblem.TokenMissing()
            : token.Length is 0 or > MaximumLength || !token.All(IsTokenCharacter) ? ApiProblem.TokenMalformed()
            : Jwt.ExpiresAt(token) is { } expiry && expiry <= clock.GetUtcNow() ? ApiProblem.TokenExpired()
            : null;
        if (problem is null)
            sha256 = SHA256.HashData(Encoding.ASCII.GetBytes(token));
        return problem is null;
    }

    // token68 of RFC 9110.
    private static bool IsTokenCharacter(char c) => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_' or '~' or '+' or '/' or '=';
}
