using SmmAgent.Contract;
using SmmAgent.Core.Conditions;
using SmmAgent.Core.Text;

namespace SmmAgent.Core.Tokens;

/// <summary>
/// The facts about the bearer token that are known without the dashboard. They contain nothing of the token, and equal tokens have
/// equal facts.
/// </summary>
/// <param name="Error">The reason why no token can be sent; null if a token can be sent.</param>
/// <param name="Claims">Whether the token has readable claims; an opaque token has none.</param>
public sealed record TokenFacts(string? Error, bool Claims = false)
{
    public const string CurrentReason = "Current";
    public const string OpaqueReason = "Opaque";
    public const string ExpiringReason = "TokenExpiring";
    public const string ExpiredReason = "TokenExpired";
    public const string NoTokenReason = "NoToken";

    /// <summary>The longest notice of a token's end.</summary>
    public static readonly TimeSpan LongestNotice = TimeSpan.FromDays(7);

    /// <summary>The shortest one.</summary>
    public static readonly TimeSpan ShortestNotice = TimeSpan.FromHours(1);

    /// <summary>
    /// The notice if the start of the validity is not known: a third of a day, so that a token for one day is not reported as expiring
    /// from its first hour.
    /// </summary>
    public static readonly TimeSpan NoticeOfUnknownLife = TimeSpan.FromHours(8);

    public DateTimeOffset? IssuedAt { get; private init; }

    public DateTimeOffset? Expires { get; private init; }

    /// <summary>The command that makes another token like this one.</summary>
    public string? MakeNew { get; private init; }

    public static TokenFacts From(TokenClaims? claims) => new(null, claims is not null)
    {
        IssuedAt = claims?.IssuedAt ?? claims?.NotBefore,
        Expires = claims?.Expires,
        MakeNew = claims?.MakeAnother(),
    };

    /// <summary>How long before its end a token is reported: a third of its life, but an hour at least and seven days at most.</summary>
    public static TimeSpan Notice(DateTimeOffset? issuedAt, DateTimeOffset expires)
    {
        if (issuedAt is not { } start || start >= expires)
            return NoticeOfUnknownLife;

        var third = (expires - start) / 3;
        return third > LongestNotice ? LongestNotice : third < ShortestNotice ? ShortestNotice : third;
    }

    /// <summary>
    /// The notice for a token that is renewed: at most a third of its life. The renewal is due at half of the life, so that it has failed
    /// for a while by then.
    /// </summary>
    public static TimeSpan NoticeOfRenewed(DateTimeOffset? issuedAt, DateTimeOffset expires) =>
        issuedAt is { } start && start < expires && (expires - start) / 3 is var third
        && third < Notice(issuedAt, expires) ? third : Notice(issuedAt, expires);

    /// <summary>Evaluates the condition TokenCurrent.</summary>
    public ConditionUpdate Finding(DateTimeOffset now, TokenRenewal renewal)
    {
        if (Error is not null)
            return Conditions.ConditionUpdate.False(ConditionType.TokenCurrent, NoTokenReason, Error);
        if (!Claims)
            return Conditions.ConditionUpdate.True(
                ConditionType.TokenCurrent, OpaqueReason, "there is a bearer token; it does not say when it expires");
        if (Expires is not { } expires)
            return Conditions.ConditionUpdate.True(ConditionType.TokenCurrent, CurrentReason, "the bearer token does not expire");
        if (expires <= now)
            return Conditions.ConditionUpdate.False(
                ConditionType.TokenCurrent, ExpiredReason,
                $"the bearer token expired at {TimeText.Format(expires)}{NotRenewed(renewal)}; {Advice}");
        var notice = renewal.Status == RenewalStatus.NotOffered ? Notice(IssuedAt, expires) : NoticeOfRenewed(IssuedAt, expires);
        return expires - now < notice
            ? Conditions.ConditionUpdate.False(
                ConditionType.TokenCurrent, ExpiringReason,
                $"the bearer token expires in {Age.Text(expires - now)}, at {TimeText.Format(expires)}{NotRenewed(renewal)}; {Advice}")
            : Conditions.ConditionUpdate.True(
                ConditionType.TokenCurrent, CurrentReason,
                "the bearer token expires at "
                    + $"{TimeText.Format(expires)}{(renewal.Status == RenewalStatus.Works ? ", the agent renews it before" : "")}");
    }

    private static string NotRenewed(TokenRenewal renewal) => renewal.Reason is { } reason ? $", and is not renewed: {reason}" : "";

    private string Advice => $"make a new one: {MakeNew}, then: sudo smm-agent set bearer-token --stdin";
}
