using SmmAgent.Contract;

namespace SmmDashboard.Agents;

/// <summary>The condition of an AttachedMachine that says in one word whether the VM is a member of the mesh.</summary>
public static class Attachment
{
    public const string Type = "Attached";

    /// <summary>The reason after <c>smm-agent detach</c>.</summary>
    public const string Detached = DetachReport.Reason;

    /// <summary>Evaluates a report. The conditions of a detached agent do not matter.</summary>
    public static Condition? Evaluate(AgentReport report, DateTimeOffset now) => !report.Detached ? Evaluate(report.Conditions)
        : new Condition
        {
            Type = Type, Status = "False", Reason = Detached, Message = "the VM was detached; to attach it again: sudo smm-agent reconcile",
            LastTransitionTime = now,
        };

    /// <summary>Evaluates conditions by the rule of the contract: the condition is True for an attached and for a degraded VM.</summary>
    /// <returns>Null for a report that has none of the conditions that decide.</returns>
    public static Condition? Evaluate(IReadOnlyList<Condition> conditions)
    {
        var (state, decisive) = AttachmentRule.Evaluate(conditions);
        return state switch
        {
            AttachmentState.Unknown => null,
            AttachmentState.Attached => True(conditions, Type, "the VM is attached"),
            AttachmentState.Degraded => True(conditions, nameof(AttachmentState.Degraded), Explain(decisive!)),
            AttachmentState.Starting => decisive! with { Type = Type, Status = "Unknown", Message = Explain(decisive) },
            _ => decisive! with { Type = Type, Status = "False", Message = Explain(decisive) },
        };
    }

    private static string Explain(Condition decisive) => $"{decisive.Type} is {decisive.Status}, {decisive.Reason}: {decisive.Message}";

    // Since the last step on the way into the mesh, so that a fault that only degrades the VM does not change the time.
    private static Condition True(IReadOnlyList<Condition> conditions, string reason, string message) => new()
    {
        Type = Type, Status = "True", Reason = reason, Message = message,
        LastTransitionTime = conditions.Where(condition => AttachmentRule.IsVital(condition.Type, conditions))
            .Select(condition => condition.LastTransitionTime)
            .DefaultIfEmpty(conditions.Min(condition => condition.LastTransitionTime)).Max(),
    };
}
