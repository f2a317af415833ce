using System.Diagnostics.CodeAnalysis;
using SmmDashboard.Http;

namespace SmmDashboard.Access;

/// <summary>The header <c>Authorization: Bearer TOKEN</c>.</summary>
public static class AuthorizationHeader
{
    private const int MaximumLength = 12 * 1024;
    private const string Scheme = "Bearer ";

    public static bool TryRead(
        HttpRequest request,
        TimeProvider clock,
        [NotNullWhen(true)] out PresentedToken? token,
        [NotNullWhen(false)] out ApiProblem? problem)
    {
        token = null;
        var headers = request.Headers.Authorization;
        var header = headers.Count == 1 ? headers[0]! : "";
        var text = header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? header[Scheme.Length..].Trim(' ') : "";
        problem = headers.Count == 0 ? ApiProblem.TokenMissing()
            : !IsToken(text) ? ApiProblem.TokenMalformed()
            : null;
        if (problem is not null)
            return false;

        token = new PresentedToken(text);
        problem = token.ExpiresAt is { } expiry && expiry <= clock.GetUtcNow() ? ApiProblem.TokenExpired() : null;
        return problem is null;
    }

    /// <summary>Whether a text has the form of a bearer token.</summary>
    public static bool IsToken(string text) => text.Length is > 0 and <= MaximumLength && text.All(IsTokenCharacter);

    // The characters of token68 in RFC 9110.
    private static bool IsTokenCharacter(char c) => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_' or '~' or '+' or '/' or '=';
}
