using SmmAgent.Contract;

namespace SmmDashboard.Kubernetes.Agents;

/// <summary>
/// The condition of a VM for the list of machines: whether it is a working member of the mesh, and if not, the first reason.
/// </summary>
public static class Attachment
{
    public const string Type = "Attached";

    private const string Registered = "Registered";
    private const string SidecarRunning = "SidecarRunning";
    private const string Disabled = "Disabled";

    // In the order in which a VM is attached: the first condition that is not True is the reason.
    private static readonly string[] Steps =
        ["ConfigCurrent", "AddressKnown", "GatewaysReachable", "PortsOpen", SidecarRunning, Registered];

    /// <returns>Null for a report that has none of the conditions.</returns>
    public static Condition? Evaluate(IReadOnlyList<Condition> conditions)
    {
        // A VM may be in the mesh without a sidecar that the agent manages.
        var isOwn = conditions.FirstOrDefault(condition => condition.Type == SidecarRunning)?.Reason != Disabled;
        var steps = Steps.Where(step => isOwn || step is not (SidecarRunning or Registered))
            .Select(step => conditions.FirstOrDefault(condition => condition.Type == step)).OfType<Condition>().ToList();
        if (steps.Count == 0)
            return null;

        var inTheWay = steps.FirstOrDefault(step => step.Status == "False") ?? steps.FirstOrDefault(step => step.Status != "True");
        return inTheWay is null
            ? new Condition
            {
                Type = Type, Status = "True", Reason = Type, Message = "the VM is attached",
                LastTransitionTime = steps.Max(step => step.LastTransitionTime),
            }
            : inTheWay with { Type = Type, Message = $"{inTheWay.Type}: {inTheWay.Message}" };
    }
}
