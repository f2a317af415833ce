using SmmAgent.Core.Sidecar.Logs;
using SmmAgent.Core.Time;

namespace SmmAgent.Core.Sidecar.Status;

/// <summary>
/// How often a token was replaced that the control plane refuses although it has not expired. The privileged reconcile keeps the record in
/// its report.
/// </summary>
/// <remarks>
/// A token of a deleted service account, or of an old signing key, is refused before it expires; a new one is accepted. When the new one is
/// refused as well, the token is not the cause.
/// </remarks>
/// <param name="Replaced">How many tokens in a row were replaced because they were refused.</param>
/// <param name="Last">When the last one was; null when none was.</param>
public sealed record RefusedToken(int Replaced = 0, DateTimeOffset? Last = null)
{
    /// <summary>A refusal this soon after a new token is about the old one: the request was on its way.</summary>
    public static readonly TimeSpan Settled = TimeSpan.FromSeconds(5);

    /// <summary>
    /// The record after an observation: it starts again when the last replacement is long ago and nothing is refused, or when the clock was
    /// set back.
    /// </summary>
    public RefusedToken Observe(SidecarFailure? failure, DateTimeOffset now) =>
        RemediationPacing.IsOver(Last, failure?.Kind != SidecarFailureKind.TokenRefused, now) ? new() : this;

    /// <summary>Whether the present token was refused, and may be replaced now.</summary>
    /// <param name="modified">When the token's file was written; null when there is none.</param>
    public bool IsDue(SidecarFailure? failure, DateTimeOffset? modified, DateTimeOffset now) =>
        IsRefused(failure, modified) && !(now < RemediationPacing.Next(Replaced, Last));

    /// <summary>Whether a token that was just fetched in the place of a refused one is refused as well.</summary>
    public bool IsAgain(SidecarFailure? failure) => Replaced > 0 && IsRefused(failure, Last);

    /// <summary>The record after one more replacement.</summary>
    public RefusedToken AfterReplacement(DateTimeOffset now) => new(Replaced + 1, now);

    private static bool IsRefused(SidecarFailure? failure, DateTimeOffset? modified) =>
        failure is { Kind: SidecarFailureKind.TokenRefused, Time: { } time } && modified is { } written && time - written >= Settled;
}
