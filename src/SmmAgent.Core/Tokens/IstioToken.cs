using SmmAgent.Contract;

namespace SmmAgent.Core.Tokens;

public enum TokenVerdict
{
    /// <summary>The token is valid and not due for renewal.</summary>
    Use,

    /// <summary>The token is valid, but a new one is due.</summary>
    Renew,

    /// <summary>The token has expired: the sidecar cannot renew its certificate.</summary>
    Expired,

    /// <summary>There is no token, or it is not a token of this WorkloadGroup for the mesh's certificate authority.</summary>
    Unusable,
}

/// <summary>The verdict on the sidecar's token. It never contains the token.</summary>
/// <param name="ReevaluateAt">The time when the verdict changes; null if a new token is due now.</param>
/// <param name="Expires">The expiry of the token; null if it is unusable.</param>
public sealed record IstioToken(
    TokenVerdict Verdict,
    string Reason,
    DateTimeOffset? ReevaluateAt,
    DateTimeOffset? Expires = null)
{
    /// <summary>The assumed life of a token without a time of issue: the life that the dashboard gives to a token.</summary>
    private static readonly TimeSpan UsualLifetime = TimeSpan.FromHours(1);

    /// <param name="token">The content of the token's file; null when there is none.</param>
    public static IstioToken Evaluate(string? token, WorkloadGroup group, DateTimeOffset now)
    {
        if (string.IsNullOrWhiteSpace(token))
            return Unusable("there is no istio-token");
        if (TokenClaims.Read(token.Trim()) is not { } claims)
            return Unusable("the istio-token is not a JWT");
        if (!claims.Audiences.Contains(DashboardApi.SidecarAudience))
            return Unusable($"the istio-token is not for the audience {DashboardApi.SidecarAudience}");
        if (claims.Namespace != group.Namespace || claims.ServiceAccount != group.ServiceAccount)
            return Unusable($"the istio-token is not of the service account {group.Namespace}/{group.ServiceAccount}");
        if (claims.Expires is not { } expires)
            return Unusable("the istio-token does not say when it expires");

        // A clock that was set back must not extend the life of a token.
        var issued = claims.IssuedAt ?? claims.NotBefore ?? expires - UsualLifetime;
        return Usable(expires, issued < expires ? issued + ((expires - issued) / 2) : expires, now);
    }

    /// <summary>The verdict on the same token at a later time, which does not need the token.</summary>
    public IstioToken At(DateTimeOffset now) =>
        Expires is { } expires ? Usable(expires, ReevaluateAt ?? DateTimeOffset.MinValue, now) : this;

    private static IstioToken Usable(DateTimeOffset expires, DateTimeOffset half, DateTimeOffset now) =>
        expires <= now ? new(TokenVerdict.Expired, $"the istio-token expired at {TimeText.Format(expires)}", null, expires)
        : half <= now ? new(TokenVerdict.Renew, $"the istio-token expires at {TimeText.Format(expires)}, and half of its life is over",
            null, expires)
        : new(TokenVerdict.Use, $"the istio-token is good until {TimeText.Format(expires)}", half, expires);

    private static IstioToken Unusable(string reason) => new(TokenVerdict.Unusable, reason, null);
}
