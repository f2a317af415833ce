using SmmAgent.Contract;

namespace SmmAgent.Core.Conditions;

/// <summary>A condition that does not hold for a reason of its own, and the conditions that do not hold because of it.</summary>
public sealed record ConditionCause(Condition Cause, IReadOnlyList<Condition> Effects);

/// <summary>
/// Finds the causes among conditions that do not hold: a gateway that is down makes four conditions False, and only one of them has the
/// cause. docs/decisions/0026-verdict-and-causes.md describes the rules.
/// </summary>
public static class ConditionCauses
{
    // Reasons of everything that only the dashboard knows, while the dashboard refuses or does not answer.
    private static readonly string[] OfDashboard =
    [
        "TokenMissing", "TokenRefused", "NotThisWorkloadGroup", "WorkloadGroupNotFound", "AgentKeyMismatch", "AgentTooOld", "RateLimited",
        "DashboardUnreachable", "RefusedInFront", "DashboardError", "Redirected", "InvalidAnswer", "InvalidSettings",
    ];

    private static readonly string[] OwnFirewall = ["RepliesDropped", "OutputDropped"];

    // The control plane refuses the sidecar, or is not reached by it: the sidecar then runs and does not become ready.
    private static readonly string[] OfControlPlane =
    [
        "TokenRefused", "GroupNotFound", "IdentityMismatch", "NameInvalid", "ClockWrong", "ExpiredCertificate", "ControlPlaneNotTrusted",
        "CertificateRefused", "ControlPlaneRefused", "NoSuchName", "StaleEntry", "GatewayUnreachable",
    ];

    private static readonly Rule[] Rules =
    [
        new(ConditionType.ConfigCurrent, ["DashboardUnreachable"], ConditionType.DashboardReachable),
        new(ConditionType.ConfigCurrent, ["TokenMissing"], ConditionType.TokenCurrent, ["NoToken"]),
        new(ConditionType.ConfigCurrent, ["TokenRefused"], ConditionType.TokenCurrent, ["TokenExpired"]),

        new(ConditionType.DashboardReachable, OwnFirewall, ConditionType.GatewaysReachable, OwnFirewall),

        new(ConditionType.AddressKnown, ["NoDirectEndpoint"], ConditionType.GatewaysReachable),
        new(ConditionType.AddressKnown, ["NoProviderAnswered"], ConditionType.GatewaysReachable, OwnFirewall),

        new(ConditionType.ReachableFromCluster, ["NoAddress"], ConditionType.AddressKnown),
        new(ConditionType.ReachableFromCluster, ["NoMeshConfig"], ConditionType.ConfigCurrent),
        new(ConditionType.ReachableFromCluster, ["Refused", "TimedOut", "Unreachable"], ConditionType.PortsOpen),
        FromDashboard(ConditionType.ReachableFromCluster),

        new(ConditionType.SidecarInstalled, ["Unreachable", "CutOff"], ConditionType.DashboardReachable),

        new(ConditionType.SidecarCurrent, ["NotInstalled"], ConditionType.SidecarInstalled),
        new(ConditionType.SidecarCurrent, ["AddressUnknown"], ConditionType.AddressKnown),
        new(ConditionType.SidecarCurrent, ["TokenExpired", "TokenUnusable"], ConditionType.ConfigCurrent),
        new(ConditionType.SidecarCurrent, ["NotRunning"], ConditionType.SidecarRunning),

        new(ConditionType.SidecarRunning, ["NotInstalled"], ConditionType.SidecarInstalled),
        new(ConditionType.SidecarRunning, ["NotRunning"], ConditionType.SidecarCurrent,
            ["TokenExpired", "TokenUnusable", "ConfigurationInvalid", "NotWritten", "AddressUnknown"]),
        new(ConditionType.SidecarRunning, ["NotReady", "CrashLoop", "Starting"], ConditionType.GatewaysReachable),
        new(ConditionType.SidecarRunning, ["NotReady", "CrashLoop", "Starting"], ConditionType.Registered, OfControlPlane),

        new(ConditionType.Registered, ["DuplicateIdentity", "ForeignIdentity"], ConditionType.ReachableFromCluster)
            { IsSameReason = true },
        new(ConditionType.Registered, ["RestartNeeded", "NotWritten", "TokenExpired", "TokenUnusable"], ConditionType.SidecarCurrent)
            { IsSameReason = true },
        new(ConditionType.Registered, ["GatewayUnreachable", "NoSuchName", "NotConnected", "NotRegistered"],
            ConditionType.GatewaysReachable),
        new(ConditionType.Registered, ["SidecarNotRunning", "NotConnected", "NotRegistered"], ConditionType.SidecarInstalled),
        new(ConditionType.Registered,
            ["SidecarNotRunning", "NotConnected", "NotRegistered", "PortTaken", "CaptureFailed", "ConfigurationInvalid"],
            ConditionType.SidecarRunning),
        FromDashboard(ConditionType.Registered),

        new(ConditionType.Healthy, ["DuplicateIdentity", "ForeignIdentity"], ConditionType.ReachableFromCluster) { IsSameReason = true },
        new(ConditionType.Healthy, ["NotRegistered"], ConditionType.Registered),
        new(ConditionType.Healthy, ["Unhealthy"], ConditionType.SidecarRunning),
        FromDashboard(ConditionType.Healthy),
    ];

    /// <summary>The conditions that do not hold, each below its cause, in the order of <paramref name="failed"/>.</summary>
    /// <param name="conditions">All conditions.</param>
    /// <param name="failed">The conditions to explain, the most important first.</param>
    public static IReadOnlyList<ConditionCause> Find(IReadOnlyList<Condition> conditions, IEnumerable<Condition> failed)
    {
        var causes = failed.Select(condition => Root(condition, conditions)).Distinct().ToList();
        return causes.Select(cause => new ConditionCause(
            cause,
            conditions.Where(other => other != cause && Of(other, conditions) is not null && Root(other, conditions) == cause).ToArray()))
            .ToArray();
    }

    /// <summary>The last cause in the chain of causes of a condition: itself if no other condition explains it.</summary>
    public static Condition Root(Condition condition, IReadOnlyList<Condition> conditions)
    {
        var cause = condition;
        // The rules have no cycle for one set of reasons; a test checks that. The limit keeps a mistake from being an endless loop.
        for (var step = 0; step < ConditionType.All.Count && Of(cause, conditions) is { } next; step++)
            cause = next;
        return cause;
    }

    /// <summary>The condition that directly explains another one; null if none does.</summary>
    public static Condition? Of(Condition effect, IReadOnlyList<Condition> conditions)
    {
        if (effect.Status == nameof(ConditionStatus.True))
            return null;
        if (effect is { Reason: ConditionUpdate.NotConfigured, Type: not ConditionType.ConfigCurrent })
            return conditions.FirstOrDefault(condition => condition is
            {
                Type: ConditionType.ConfigCurrent, Status: nameof(ConditionStatus.False),
                Reason: ConditionUpdate.NotConfigured or "InvalidSettings"
            });

        return Rules.Where(rule => rule.Effect == effect.Type && rule.Reasons.Contains(effect.Reason))
            .Where(rule => rule.Status is null || rule.Status == effect.Status)
            .Select(rule => conditions.FirstOrDefault(cause => rule.IsCause(cause, effect)))
            .FirstOrDefault(cause => cause is not null);
    }

    private static bool IsFalse(Condition condition) => condition.Status == nameof(ConditionStatus.False);

    // The control plane has reasons of the same names, with the status False.
    private static Rule FromDashboard(string effect) =>
        new(effect, OfDashboard, ConditionType.ConfigCurrent) { Status = nameof(ConditionStatus.Unknown) };

    /// <param name="Effect">The type of the condition that does not hold.</param>
    /// <param name="Reasons">Its reasons.</param>
    /// <param name="Cause">The type of the condition that explains it.</param>
    /// <param name="CauseReasons">Its reasons; null for any.</param>
    private sealed record Rule(string Effect, string[] Reasons, string Cause, string[]? CauseReasons = null)
    {
        /// <summary>The status of the effect; null for any.</summary>
        public string? Status { get; init; }

        /// <summary>Whether both have the same reason. Then the cause may be Unknown.</summary>
        public bool IsSameReason { get; init; }

        public bool IsCause(Condition cause, Condition effect) => cause.Type == Cause
            && (IsSameReason ? cause.Reason == effect.Reason && cause.Status != nameof(ConditionStatus.True) : IsFalse(cause))
            && (CauseReasons is null || CauseReasons.Contains(cause.Reason));
    }
}
