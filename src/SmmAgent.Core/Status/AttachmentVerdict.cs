using SmmAgent.Contract;
using SmmAgent.Core.Conditions;

namespace SmmAgent.Core.Status;

/// <summary>The verdict about a VM and the problems that lead to it, the worst first.</summary>
/// <param name="Pending">The conditions that a start waits for.</param>
public sealed record AttachmentVerdict(AttachmentState State, IReadOnlyList<AttachmentProblem> Problems, IReadOnlyList<string> Pending)
{
    // Without one of these, no traffic passes between the mesh and this VM.
    private static readonly string[] Vital =
    [
        ConditionType.AddressKnown, ConditionType.GatewaysReachable, ConditionType.SidecarInstalled, ConditionType.Registered,
    ];

    private static readonly string[] AwaitedAtStart =
    [
        ConditionType.ConfigCurrent, ConditionType.AddressKnown, ConditionType.GatewaysReachable, ConditionType.PortsOpen,
    ];

    private static readonly string[] Later =
    [
        ConditionType.PortsOpen, ConditionType.ReachableFromCluster, ConditionType.SidecarInstalled, ConditionType.SidecarRunning,
        ConditionType.SidecarCurrent, ConditionType.Registered, ConditionType.Healthy,
    ];

    /// <param name="isConfigured">Whether dashboard and WorkloadGroup are set.</param>
    /// <param name="hasMeshConfig">Whether a mesh configuration is in effect.</param>
    /// <param name="isReconcileDue">Whether a privileged reconcile was requested.</param>
    public static AttachmentVerdict Evaluate(
        IReadOnlyList<Condition> conditions, bool isConfigured, bool hasMeshConfig, bool isReconcileDue = false)
    {
        var failed = InOrder(conditions, hasMeshConfig).ToList();
        var problems = ConditionCauses.Find(conditions, failed).Select(AttachmentProblem.From)
            .Select(problem => problem with { Effects = [.. problem.Effects.Where(type => IsExpected(type, conditions))] }).ToList();
        var pending = conditions.Where(condition => IsPending(condition, isReconcileDue)).Select(condition => condition.Type).ToList();
        var state = !isConfigured ? AttachmentState.NotConfigured
            : problems.Count == 0 ? pending.Count > 0 ? AttachmentState.Starting : AttachmentState.Attached
            : !hasMeshConfig || failed.Exists(condition => Vital.Contains(condition.Type) && IsFalse(condition))
                ? AttachmentState.NotAttached
                : AttachmentState.Degraded;
        return new(state, problems, pending);
    }

    /// <summary>
    /// Whether a condition is expected to hold. Without a managed sidecar, the agent manages only the VM's ports and its reachability.
    /// </summary>
    public static bool IsExpected(string type, IEnumerable<Condition> conditions) =>
        type is not (ConditionType.Registered or ConditionType.Healthy)
        || conditions.FirstOrDefault(condition => condition.Type == ConditionType.SidecarRunning)?.Reason != ConditionUpdate.Disabled;

    // Without a configuration nothing else is observed, so its error comes first. Otherwise it comes late, because the last one is in use.
    private static IEnumerable<Condition> InOrder(IReadOnlyList<Condition> conditions, bool hasMeshConfig)
    {
        string[] first = hasMeshConfig ? [] : [ConditionType.ConfigCurrent];
        string[] order =
        [
            .. first, ConditionType.AddressKnown, ConditionType.GatewaysReachable, .. Later, ConditionType.ConfigCurrent,
            ConditionType.TokenCurrent, ConditionType.DashboardReachable,
        ];
        var failed = conditions.Where(condition => IsFalse(condition) && IsExpected(condition.Type, conditions)).ToList();
        // A token that the dashboard refuses is named by ConfigCurrent.
        if (failed.Exists(condition => condition.Type == ConditionType.ConfigCurrent && ConditionCauses.Of(condition, conditions) is null))
            failed.RemoveAll(condition => condition.Type == ConditionType.TokenCurrent);
        var ordered = order.Distinct().SelectMany(type => failed.Where(condition => condition.Type == type));
        return ordered.Concat(conditions.Where(condition => condition.Reason == ConditionUpdate.Degraded));
    }

    private static bool IsPending(Condition condition, bool isReconcileDue) => condition.Type == ConditionType.SidecarRunning
        ? condition is { Status: nameof(ConditionStatus.Unknown), Reason: StartupConditions.Starting }
            || (condition.Reason == ConditionUpdate.Pending && isReconcileDue)
        : condition.Reason == ConditionUpdate.Pending && AwaitedAtStart.Contains(condition.Type);

    private static bool IsFalse(Condition condition) => condition.Status == nameof(ConditionStatus.False);
}
