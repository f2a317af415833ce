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

    /// <summary>What is thought of its token; null when nobody looked.</summary>
    public IstioToken? Token { get; init; }

    /// <summary>istio.service; null when nobody looked, or it could not be seen.</summary>
    public SidecarUnit? Unit { get; init; }

    /// <summary>What the sidecar's log tells; null when it tells of no failure, or nobody looked.</summary>
    public SidecarFailure? Failure { get; init; }

    /// <summary>How often a refused token was replaced.</summary>
    public RefusedToken RefusedToken { get; init; } = new();

    /// <summary>Whether root's part is at work, or has been asked for the first time and not answered yet: what is there will soon be another.</summary>
    public bool IsReconcileDue { get; init; }

    /// <summary>Whether the sidecar has failed since it was last stable.</summary>
    public bool IsFailing { get; init; }

    public static SidecarState Initial { get; } = new(
    [
        ConditionUpdate.NotObserved(ConditionType.SidecarInstalled), ConditionUpdate.NotObserved(ConditionType.SidecarCurrent), ConditionUpdate.NotObserved(ConditionType.SidecarRunning),
    ]);

    public bool Equals(SidecarState? other) =>
        other is not null && Conditions.SequenceEqual(other.Conditions) && Version == other.Version && Token == other.Token && Unit == other.Unit && Failure == other.Failure
        && RefusedToken == other.RefusedToken && IsReconcileDue == other.IsReconcileDue && IsFailing == other.IsFailing;

    public override int GetHashCode() => HashCode.Combine(Conditions.Count, Version, Token, Unit);
}
