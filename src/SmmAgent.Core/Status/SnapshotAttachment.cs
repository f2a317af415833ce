using SmmAgent.Contract;
using SmmAgent.Core.Conditions;
using SmmAgent.Core.Reachability;

namespace SmmAgent.Core.Status;

/// <summary>Evaluates the verdict from the states of all services: the daemon knows problems that are not conditions.</summary>
public static class SnapshotAttachment
{
    public static AttachmentVerdict Evaluate(AgentSnapshot snapshot, IReadOnlyList<Condition> conditions)
    {
        if (NotConfigured(snapshot) is { } missing)
            return new(AttachmentState.NotConfigured, [missing], []);

        var known = AttachmentVerdict.Evaluate(conditions);
        List<AttachmentProblem> problems = known.Problems.Select(problem => WithOutcome(problem, snapshot)).ToList();
        problems.InsertRange(
            snapshot.Mesh.Config is null && problems.Count > 0 ? 1 : 0,
            snapshot.Listeners.Listeners.Where(listener => listener.Error is not null)
                .Select(listener => AttachmentProblem.From(listener.Error!)));
        // ConfigCurrent reports an invalid edit as well, but only after the next request to the dashboard.
        if (snapshot.Settings.Errors is [var error, ..] && !problems.Exists(problem => problem.Reason == "InvalidSettings"))
            problems.Add(new($"agent.yaml is invalid; the last valid settings stay in effect: {error}"));
        return problems.Count == 0 || known.State is not (AttachmentState.Attached or AttachmentState.Starting)
            ? known with { Problems = problems }
            : new(AttachmentState.Degraded, problems, known.Pending);
    }

    /// <summary>The probed port that is down and that decides about the gateways; null if all are up.</summary>
    public static GatewayResult? GatewayDown(AgentSnapshot snapshot) =>
        snapshot.Reachability.Gateways.FirstOrDefault(result => result.Outcome != Outcome.Ok);

    // "Degraded" does not explain what is wrong with the gateway that is down.
    private static AttachmentProblem WithOutcome(AttachmentProblem problem, AgentSnapshot snapshot) =>
        problem is { Condition: ConditionType.GatewaysReachable, Reason: ConditionUpdate.Degraded } && GatewayDown(snapshot) is { } down
            ? problem with { Reason = down.Outcome.Reason(), Since = down.Since }
            : problem;

    private static AttachmentProblem? NotConfigured(AgentSnapshot snapshot) => snapshot switch
    {
        { Settings.Settings.DashboardUrl: not null, Group: not null } => null,
        { Settings.Errors: [var error, ..] } => new($"agent.yaml is refused: {error}"),
        { Settings.Settings.DashboardUrl: null } => Missing("no dashboard is set", "sudo smm-agent set dashboard-url URL"),
        _ => Missing("no WorkloadGroup is set", "sudo smm-agent set workload-group NAMESPACE/NAME"),
    };

    private static AttachmentProblem Missing(string message, string command) =>
        new(message, command, ConditionType.ConfigCurrent, ConditionUpdate.NotConfigured) { IsCommand = true };
}
