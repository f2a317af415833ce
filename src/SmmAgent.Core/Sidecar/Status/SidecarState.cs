using SmmAgent.Core.Conditions;
using SmmAgent.Core.Sidecar.Logs;
using SmmAgent.Core.Sidecar.Planning;
using SmmAgent.Core.Tokens;

namespace SmmAgent.Core.Sidecar.Status;

/// <summary>What is known of the sidecar.</summary>
/// <param name="Conditions">SidecarInstalled, SidecarCurrent and SidecarRunning.</param>
public sealed record SidecarState(IReadOnlyList<ConditionUpdate> Conditions)
{
    /// <summary>The installed version; null when there is none, or it is not known.</summary>
    public string? Version { get; init; }

    /// <summary>The evaluation of its token; null when it was not observed.</summary>
    public IstioToken? Token { get; init; }

    /// <summary>When its certificate expires; null when there is none, or it was not observed.</summary>
    public DateTimeOffset? CertificateExpiry { get; init; }

    /// <summary>istio.service; null when it was not, or could not be, observed.</summary>
    public SidecarUnit? Unit { get; init; }

    /// <summary>The failure in the sidecar's log; null when the log shows none, or was not read.</summary>
    public SidecarFailure? Failure { get; init; }

    /// <summary>How often a refused token was replaced.</summary>
    public RefusedToken RefusedToken { get; init; } = new();

    /// <summary>
    /// Whether the privileged reconcile is running, or was requested for the first time and has not reported yet: the state will change
    /// soon.
    /// </summary>
    public bool IsReconcileDue { get; init; }

    /// <summary>Whether the sidecar has failed since it was last stable.</summary>
    public bool IsFailing { get; init; }

    public static SidecarState Initial { get; } = new(
    [
        ConditionUpdate.NotObserved(ConditionType.SidecarInstalled), ConditionUpdate.NotObserved(ConditionType.SidecarCurrent),
            ConditionUpdate.NotObserved(ConditionType.SidecarRunning),
    ]);

    public bool Equals(SidecarState? other) =>
        other is not null && Conditions.SequenceEqual(other.Conditions)
        && Version == other.Version && Token == other.Token && CertificateExpiry == other.CertificateExpiry && Unit == other.Unit
        && Failure == other.Failure && RefusedToken == other.RefusedToken && IsReconcileDue == other.IsReconcileDue
        && IsFailing == other.IsFailing;

    public override int GetHashCode() => HashCode.Combine(Conditions.Count, Version, Token, Unit);
}
