namespace SmmAgent.Core.Tokens;

/// <summary>The state of the renewal of the bearer token.</summary>
public enum RenewalStatus
{
    /// <summary>The renewal was not due yet.</summary>
    NotTried,

    /// <summary>The last renewal succeeded.</summary>
    Works,

    /// <summary>The last renewal failed and will be retried.</summary>
    Fails,

    /// <summary>
    /// The dashboard does not renew this token: it is too old, knows only hashes of tokens, or refuses this one.
    /// </summary>
    NotOffered,
}

/// <summary>The state of the renewal of the bearer token.</summary>
/// <param name="Reason">The reason why the renewal failed or is not offered; otherwise null.</param>
public sealed record TokenRenewal(RenewalStatus Status, string? Reason = null)
{
    public static TokenRenewal NotTried { get; } = new(RenewalStatus.NotTried);

    public static TokenRenewal Works { get; } = new(RenewalStatus.Works);

    /// <summary>
    /// The time of renewal: half of the token's life, plus or minus 10 %, so that the VMs of a fleet do not renew simultaneously.
    /// </summary>
    /// <param name="claims">The claims of the token in use.</param>
    /// <param name="spread">From 0 to 1: the same number as long as the process lives.</param>
    /// <returns>Null for a token without a known life.</returns>
    public static DateTimeOffset? DueAt(TokenClaims? claims, double spread) =>
        Start(claims) is { } start && claims!.Expires is { } expires
        && expires > start ? start + ((expires - start) * (0.45 + (0.1 * spread))) : null;

    /// <summary>Whether a renewed token is used instead of the operator's token that it was issued for.</summary>
    /// <remarks>If both have expired, the one that expired later describes the failure better.</remarks>
    public static bool GoesBefore(TokenClaims? renewed, TokenClaims? operators, DateTimeOffset now) =>
        renewed is not null && operators is not null && IsOfSameAccount(renewed, operators) && renewed.Expires is { } end
        && Start(renewed) is { } later && (Start(operators) is not { } earlier || later > earlier)
        && (end > now || end >= operators.Expires);

    /// <summary>Validates the response to a renewal.</summary>
    /// <returns>Null if the token is used; otherwise the reason.</returns>
    public static string? Refusal(TokenClaims? answer, TokenClaims? presented, DateTimeOffset now) =>
        answer is null || presented is null
        || !IsOfSameAccount(answer, presented) ? "the dashboard's answer is not a token of the same service account"
        : answer.Expires is not { } end
        || Start(answer) is null ? "the dashboard's answer is a token without a period of validity"
        : end <= now ? "the dashboard's answer is a token that has expired already: compare the clocks"
        : null;

    private static bool IsOfSameAccount(TokenClaims one, TokenClaims other) =>
        one is { Namespace: not null, ServiceAccount: not null } && one.Namespace == other.Namespace
        && one.ServiceAccount == other.ServiceAccount;

    private static DateTimeOffset? Start(TokenClaims? claims) => claims?.IssuedAt ?? claims?.NotBefore;
}
