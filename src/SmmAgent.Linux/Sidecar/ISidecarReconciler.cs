using SmmAgent.Core.Planning;
using SmmAgent.Core.Sidecar.Status;

namespace SmmAgent.Linux.Sidecar;

/// <summary>Reconciles the sidecar of the host, for the commands. Tests of the commands replace it.</summary>
public interface ISidecarReconciler : ISidecarRestorer
{
    /// <inheritdoc cref="SidecarReconciler.ApplyAsync"/>
    Task<SidecarOutcome> ApplyAsync(SidecarInputs inputs, Action<StepResult> onStep, CancellationToken cancel);
}
