using SmmAgent.Core.Sidecar.Status;

namespace SmmAgent.Linux.Sidecar;

/// <summary>The result of a reconcile.</summary>
/// <param name="Failures">The failed steps.</param>
/// <param name="Assessment">The assessment afterwards; null where the sidecar was not observed.</param>
/// <param name="Blocked">Why the reconcile did not begin; null when it did.</param>
public sealed record SidecarOutcome(IReadOnlyList<StepFailure> Failures, SidecarAssessment? Assessment, string? Blocked)
{
    /// <summary>Whether the previous state was restored.</summary>
    public bool IsRolledBack { get; init; }
}
