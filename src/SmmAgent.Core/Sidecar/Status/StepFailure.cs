namespace SmmAgent.Core.Sidecar.Status;

/// <summary>A step of the privileged reconcile that failed.</summary>
/// <param name="Subject">What the failure is about: for a package its version.</param>
/// <param name="Message">One line.</param>
public sealed record StepFailure(ReconcilePart Part, string Subject, StepFailureReason Reason, string Message)
{
    /// <summary>Whether the failure ends when the dashboard answers again.</summary>
    public bool IsOfDashboard => Part == ReconcilePart.Token || Reason
        is StepFailureReason.Unreachable or StepFailureReason.CutOff
        // The dashboard may come back with another package list.
        or StepFailureReason.NoPackageList or StepFailureReason.BrokenPackageList or StepFailureReason.UnknownKey
        or StepFailureReason.BadSignature or StepFailureReason.ListExpired or StepFailureReason.ListSuperseded
        or StepFailureReason.NotInList or StepFailureReason.BelowMinimum;
}
