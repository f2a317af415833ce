namespace SmmAgent.Core.Tokens;

/// <summary>How it stands with the renewal of the bearer token.</summary>
public enum RenewalStatus
{
    /// <summary>It was not due yet.</summary>
    NotTried,

    /// <summary>The last one went well.</summary>
    Works,

    /// <summary>The last one failed; it is tried again.</summary>
    Fails,

    /// <summary>
    /// The dashboard does not renew this token: it is too old for that, knows tokens by their hashes, or refuses this one.
    /// </summary>
    NotOffered,
}

/// <summary>How it stands with the renewal of the bearer token.</summary>
/// <param name="Why">Why it failed or is not offered; null else.</param>
public sealed record TokenRenewal(RenewalStatus Status, string? Why = null)
{
    public static TokenRenewal NotTried { get; } = new(RenewalStatus.NotTried);

    public static TokenRenewal Works { get; } = new(RenewalStatus.Works);

    /// <summary>When a token is renewed: at half of its life, ten per cent more or less, so that a fleet does not ask at once.</summary>
    /// <param name="claims">Of the token that is presented.</param>
    /// <param name="spread">From 0 to 1: the same number as long as the process lives.</param>
    /// <returns>Null for a token without a known life.</returns>
    public static DateTimeOffset? DueAt(TokenClaims? claims, double spread) =>
        Start(claims) is { } start && claims!.Expires is { } expires
        && expires > start ? start + ((expires - start) * (0.45 + (0.1 * spread))) : null;

    /// <summary>Whether a renewed token is presented instead of the operator's that it was made from.</summary>
    /// <remarks>Of two that are over, the one that ended later says what happened.</remarks>
    public static bool GoesBefore(TokenClaims? renewed, TokenClaims? operators, DateTimeOffset now) =>
        renewed is not null && operators is not null && IsOfSameAccount(renewed, operators) && renewed.Expires is { } end
        && Start(renewed) is { } later && (Start(operators) is not { } earlier || later > earlier)
        && (end > now || end >= operators.Expires);

    /// <summary>Why an answer to a renewal is not used; null when it is.</summary>
    public static string? Refusal(TokenClaims? answer, TokenClaims? presented, DateTimeOffset now) =>
        answer is null || presented is null
        || !IsOfSameAccount(answer, presented) ? "the dashboard's answer is no token of the same service account"
        : answer.Expires is not { } end
        || Start(answer) is null ? "the dashboard's answer is a token that does not say how long it is valid"
        : end <= now ? "the dashboard's answer is a token that has expired already: compare the clocks"
        : null;

    private static bool IsOfSameAccount(TokenClaims one, TokenClaims other) =>
        one is { Namespace: not null, ServiceAccount: not null } && one.Namespace == other.Namespace
        && one.ServiceAccount == other.ServiceAccount;

    private static DateTimeOffset? Start(TokenClaims? claims) => claims?.IssuedAt ?? claims?.NotBefore;
}
