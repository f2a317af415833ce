using SmmAgent.Core.Sidecar.Status;

namespace SmmAgent.Linux.Sidecar;

/// <summary>How a pass ended.</summary>
/// <param name="Failures">What could not be done.</param>
/// <param name="Assessment">What is there afterwards; null where nothing was looked at.</param>
/// <param name="Blocked">Why nothing was begun; null when it was.</param>
public sealed record SidecarOutcome(IReadOnlyList<StepFailure> Failures, SidecarAssessment? Assessment, string? Blocked)
{
    /// <summary>Whether the host was put back as it was before.</summary>
    public bool IsRolledBack { get; init; }
}
