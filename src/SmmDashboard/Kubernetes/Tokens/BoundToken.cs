using System.Text.Json;
using SmmDashboard.Access;
using SmmDashboard.Groups;

namespace SmmDashboard.Kubernetes.Tokens;

/// <summary>
/// The claims of a service account's token that a TokenReview does not repeat. They are read only after a review that said that the token
/// is valid.
/// </summary>
internal static class BoundToken
{
    private const string Claim = "kubernetes.io";
    private const string LegacyClaim = "kubernetes.io/serviceaccount/";

    /// <param name="account">Whose the token is, by the review.</param>
    /// <param name="uid">The account's uid, by the review.</param>
    /// <param name="token">The token that was reviewed.</param>
    /// <returns>Without a Secret when the claims are another account's than the review's.</returns>
    public static TokenOwner Owner(ServiceAccount account, string? uid, PresentedToken token)
    {
        var owner = new TokenOwner(account, ExpiresAt: token.ExpiresAt) { AccountUid = uid };
        if (token.Reveal().Split('.') is not [_, var part, _] || !Jwt.TryDecode(part, out var payload))
            return owner;

        if (payload.TryGetProperty(Claim, out var claims) && claims.ValueKind == JsonValueKind.Object)
        {
            return Jwt.Text(claims, "namespace") == account.Namespace && Reference(claims, "serviceaccount") is var (name, accountUid)
                && name == account.Name && accountUid == uid && Reference(claims, "secret") is var (secret, secretUid)
                    ? owner with { SecretName = secret, SecretUid = secretUid }
                    : owner;
        }

        // A token of a Secret of the type kubernetes.io/service-account-token. It has no uid of the Secret.
        return Jwt.Text(payload, $"{LegacyClaim}service-account.uid") == uid
            ? owner with { SecretName = Jwt.Text(payload, $"{LegacyClaim}secret.name") } : owner;
    }

    private static (string Name, string Uid)? Reference(JsonElement claims, string kind) =>
        claims.TryGetProperty(kind, out var reference) && reference.ValueKind == JsonValueKind.Object
        && Jwt.Text(reference, "name") is { Length: > 0 } name && Jwt.Text(reference, "uid") is { Length: > 0 } uid
            ? (name, uid)
            : null;
}
