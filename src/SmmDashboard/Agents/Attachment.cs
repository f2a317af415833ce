using SmmAgent.Contract;

namespace SmmDashboard.Agents;

/// <summary>
/// One word about a VM, for the list of machines: whether it is a working member of the mesh, and otherwise the first step that is missing.
/// </summary>
public static class Attachment
{
    public const string Type = "Attached";

    private const string Registered = "Registered";
    private const string SidecarRunning = "SidecarRunning";
    private const string Disabled = "Disabled";

    // In the order in which a VM is attached: the first that does not hold is the reason.
    private static readonly string[] Steps =
        ["ConfigCurrent", "AddressKnown", "GatewaysReachable", "PortsOpen", SidecarRunning, Registered];

    /// <returns>Null for a report that has none of the conditions.</returns>
    public static Condition? Evaluate(IReadOnlyList<Condition> conditions)
    {
        var steps = Select(conditions, condition => (condition.Type, condition.Reason));
        if (steps.Count == 0)
            return null;

        var missing = FirstMissing(steps, step => step.Status);
        return missing is null
            ? new Condition
            {
                Type = Type, Status = "True", Reason = Type, Message = "the VM is attached",
                LastTransitionTime = steps.Max(step => step.LastTransitionTime),
            }
            : missing with { Type = Type, Message = $"{missing.Type}: {missing.Message}" };
    }

    /// <summary>Finds the first step that is missing; null when the VM is attached.</summary>
    /// <param name="conditions">The conditions of a machine.</param>
    /// <param name="isKnown">False for a machine that has reported none of the conditions.</param>
    public static ConditionState? FindMissing(IReadOnlyList<ConditionState> conditions, out bool isKnown)
    {
        var steps = Select(conditions, condition => (condition.Type, condition.Reason));
        isKnown = steps.Count > 0;
        return FirstMissing(steps, step => step.Status);
    }

    /// <summary>
    /// The conditions that say something about the machine. Without a sidecar that the agent manages, nothing is expected to be registered.
    /// </summary>
    public static IEnumerable<ConditionState> Relevant(IReadOnlyList<ConditionState> conditions) =>
        conditions.Any(condition => condition.Type == SidecarRunning && condition.Reason == Disabled)
            ? conditions.Where(condition => condition.Type is not (Registered or "Healthy"))
            : conditions;

    private static List<T> Select<T>(IReadOnlyList<T> conditions, Func<T, (string Type, string Reason)> read)
        where T : class
    {
        T? Find(string type) => conditions.FirstOrDefault(condition => read(condition).Type == type);

        // A VM may be in the mesh without a sidecar that the agent manages.
        var isOwn = Find(SidecarRunning) is not { } sidecar || read(sidecar).Reason != Disabled;
        return [.. Steps.Where(step => isOwn || step is not (SidecarRunning or Registered)).Select(Find).OfType<T>()];
    }

    private static T? FirstMissing<T>(List<T> steps, Func<T, string> status)
        where T : class =>
        steps.FirstOrDefault(step => status(step) == "False") ?? steps.FirstOrDefault(step => status(step) != "True");
}
