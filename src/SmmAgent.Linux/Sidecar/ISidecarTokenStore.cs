using SmmAgent.Contract;
using SmmAgent.Core.Sidecar.Status;

namespace SmmAgent.Linux.Sidecar;

/// <summary>The token of the sidecar, as the commands use it. Tests of the commands replace it.</summary>
public interface ISidecarTokenStore
{
    /// <inheritdoc cref="SidecarTokens.Restore"/>
    bool Restore(WorkloadGroup group);

    /// <inheritdoc cref="SidecarTokens.RenewAsync"/>
    Task<StepFailure?> RenewAsync(WorkloadGroup group, CancellationToken cancel);
}
