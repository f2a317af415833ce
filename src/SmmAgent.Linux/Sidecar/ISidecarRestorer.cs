using SmmAgent.Contract;
using SmmAgent.Core.Planning;
using SmmAgent.Core.Sidecar.Planning;
using SmmAgent.Core.Sidecar.Status;

namespace SmmAgent.Linux.Sidecar;

/// <summary>Observes and restores the sidecar of the host, for the commands. Tests of the commands replace it.</summary>
public interface ISidecarRestorer
{
    /// <inheritdoc cref="SidecarRestorer.Doing"/>
    string Doing { get; }

    /// <inheritdoc cref="SidecarRestorer.DryRunAsync"/>
    Task<SidecarAssessment> DryRunAsync(SidecarInputs inputs, CancellationToken cancel);

    /// <inheritdoc cref="SidecarRestorer.ReportAsync"/>
    Task<SidecarOutcome> ReportAsync(SidecarInputs inputs, CancellationToken cancel);

    /// <inheritdoc cref="SidecarRestorer.RestoreAsync"/>
    Task<SidecarOutcome> RestoreAsync(
        SidecarSnapshot? before, Func<ObservedSidecar, Plan> planFor, Action<StepResult> onStep, CancellationToken cancel);

    /// <inheritdoc cref="SidecarRestorer.SnapshotAsync"/>
    Task<(SidecarSnapshot? Before, string? Reason)> SnapshotAsync(WorkloadGroup? group, CancellationToken cancel);
}
