using SmmAgent.Core.Planning;

namespace SmmAgent.Host;

/// <summary>The options of <c>smm-agent reconcile</c>.</summary>
internal sealed class ReconcileOptions
{
    /// <summary>Only prints what would be done.</summary>
    public bool DryRun { get; init; }

    /// <summary>Runs the privileged reconcile and starts no unit of the agent, as smm-agent-reconcile.service does.</summary>
    public bool HostOnly { get; init; }

    /// <summary>Undoes everything unless it is confirmed in this time.</summary>
    public TimeSpan? ConfirmWithin { get; init; }

    /// <summary>Whose steps are done; null means everyone's.</summary>
    public StepOwner? Owner => HostOnly ? StepOwner.Root : null;
}
