using SmmAgent.Core.Planning;

namespace SmmAgent.Host;

/// <summary>The options of <c>smm-agent reconcile</c>.</summary>
internal sealed class ReconcileOptions
{
    /// <summary>Prints the plan and changes nothing.</summary>
    public bool DryRun { get; init; }

    /// <summary>Runs the privileged reconcile and starts no unit of the agent, as smm-agent-reconcile.service does.</summary>
    public bool HostOnly { get; init; }

    /// <summary>The time after which the changes are rolled back unless they are confirmed.</summary>
    public TimeSpan? ConfirmWithin { get; init; }

    /// <summary>The owner of the steps to apply; null for all steps.</summary>
    public StepOwner? Owner => HostOnly ? StepOwner.Root : null;
}
