using SmmAgent.Contract;
using SmmAgent.Core.Mesh;

namespace SmmAgent.Linux.Dashboard;

/// <summary>The condition reasons of failed calls, and their messages: what happened and what to do.</summary>
public static class FailureText
{
    private const string SetToken = "sudo smm-agent set bearer-token --stdin";

    // Not systemd-machine-id-setup: it restores the id in /var/lib/dbus, or the id that a hypervisor or container provides.
    private const string GiveOwnMachineId = "tr -d - </proc/sys/kernel/random/uuid | sudo tee /etc/machine-id; sudo smm-agent reconcile";

    // Both hosts must report the condition, and must notice soon that the other one is gone.
    private static readonly TimeSpan DuplicateInterval = TimeSpan.FromMinutes(1);

    private const string SetUrl = "sudo smm-agent set dashboard-url";

    /// <summary>The reason, a stable CamelCase word, and the message, one line.</summary>
    public static (string Reason, string Message) Format(DashboardFailure failure, DashboardTarget target)
    {
        var (reason, found, remediation) = Explain(failure, target);
        return (reason, remediation is null ? found : $"{found}; {remediation}");
    }

    /// <summary>The same, with the remediation apart from the finding; the remediation is null when the finding needs none.</summary>
    public static (string Reason, string Found, string? Remediation) Explain(
        DashboardFailure failure, DashboardTarget target) => failure switch
        {
            DashboardFailure.NoToken f => (FailureReasons.TokenMissing, f.Reason, null),
            DashboardFailure.BadCaFile f => (FailureReasons.InvalidSettings, $"dashboard.caFile: {f.Reason}", null),
            DashboardFailure.Paused f => Explain(f.Because, target),
            DashboardFailure.Refused { Front: { } front } f => (FailureReasons.RefusedInFront,
                $"{front.Description} at {Shown(target)} refuses the request with {f.Status}{front.Quote}; the dashboard has not seen it",
                front.Remediation(f.Status, target)),
            DashboardFailure.Refused f => Refused(f, target),
            DashboardFailure.RateLimited { Front: { } front } f => (FailureReasons.RateLimited,
                $"{front.Description} at {Shown(target)} asks for fewer requests{front.Quote}", front.Remediation(429, target)),
            DashboardFailure.RateLimited f => (FailureReasons.RateLimited,
                $"the dashboard at {Shown(target)} asks for fewer requests{Quoted(f.Detail)}",
                "the agent retries after the time that it requested"),
            DashboardFailure.ServerError { Front: { } front } f => (FailureReasons.DashboardError,
                $"{front.Description} at {Shown(target)} answered {f.Status}{front.Quote}", front.Remediation(f.Status, target)),
            DashboardFailure.ServerError f => (FailureReasons.DashboardError,
                $"the dashboard at {Shown(target)} answered {f.Status}{Quoted(f.Detail)}",
                "the agent retries; see the log of the dashboard for the reason"),
            DashboardFailure.Unreachable f =>
                (FailureReasons.DashboardUnreachable, $"the dashboard at {Shown(target)} is not reachable: {f.Detail}", null),
            DashboardFailure.Redirected f => Redirected(f, target),
            DashboardFailure.BadAnswer f => (FailureReasons.InvalidAnswer,
                $"the answer of {Shown(target)} is refused: "
                    + $"{string.Join("; ", f.Faults.Take(5).Select(fault => OneLine.From(fault.ToString())))}"
                + (f.Faults.Count > 5 ? $"; and {f.Faults.Count - 5} more" : ""),
                null),
            _ => throw new ArgumentOutOfRangeException(nameof(failure), failure.GetType(), null),
        };

    /// <summary>The wait that the dashboard requested; null when it requested none.</summary>
    public static TimeSpan? RetryAfter(DashboardFailure failure) => failure switch
    {
        DashboardFailure.Paused f => f.For,
        DashboardFailure.RateLimited f => f.RetryAfter,
        DashboardFailure.ServerError f => f.RetryAfter,
        DashboardFailure.Refused { Code: ProblemCodes.DuplicateIdentity } => DuplicateInterval,
        _ => null,
    };

    private static (string Reason, string Found, string? Remediation) Refused(DashboardFailure.Refused refused, DashboardTarget target)
    {
        var detail = Quoted(refused.Detail);
        return (refused.Status, refused.Code) switch
        {
            // Only the dashboard knows how it verifies tokens: a remediation of the agent could contradict its answer.
            (401, ProblemCodes.TokenInvalid) when refused.Detail.Length > 0 => (FailureReasons.TokenRefused,
                $"the dashboard refused the bearer token{Quoted(refused.Reason ?? "")} and says: {refused.Detail}", null),
            (401, _) => (FailureReasons.TokenRefused,
                $"the dashboard refused the bearer token{(detail.Length > 0 ? detail : Quoted(refused.Reason ?? ""))}",
                $"set a new one: {SetToken}"),
            (403, ProblemCodes.AgentKeyMismatch) => (FailureReasons.AgentKeyMismatch,
                $"another agent reported under this VM's uuid before{detail}: a copied VM, or /var/lib/smm-agent was lost",
                "make a new uuid: sudo sed -i '/^uuid:/d' /etc/smm/agent.yaml && sudo smm-agent reconcile"),
            (409, ProblemCodes.DuplicateIdentity) => (FailureReasons.DuplicateIdentity,
                $"two hosts report under this VM's uuid and key{detail}", $"on the one that is a copy: {GiveOwnMachineId}"),
            (403, _) => (FailureReasons.NotThisWorkloadGroup,
                $"the bearer token is not for WorkloadGroup {target.Group}{detail}",
                $"set the token of the service account that its .spec.template.serviceAccount names: {SetToken}"),
            (404, ProblemCodes.WorkloadGroupNotFound) => (FailureReasons.WorkloadGroupNotFound,
                $"there is no WorkloadGroup {target.Group}{detail}",
                "create it, or name another: sudo smm-agent set workload-group NAMESPACE/NAME"),
            (404, _) => (FailureReasons.WorkloadGroupNotFound,
                $"{Shown(target)} knows no WorkloadGroup {target.Group}{detail}", $"is it the dashboard? If not: {SetUrl} URL"),
            (426, _) => (FailureReasons.AgentTooOld,
                $"this agent is older than the dashboard supports{detail}",
                $"upgrade it: curl -fsSL {Shown(target)}/get/smm-agent | sudo sh"),
            _ => (FailureReasons.DashboardError, $"the dashboard at {Shown(target)} answered {refused.Status}{detail}", null),
        };
    }

    private static (string Reason, string Found, string? Remediation) Redirected(
        DashboardFailure.Redirected redirected, DashboardTarget target)
    {
        var to = redirected.To is { } uri ? OneLine.From(Shown(uri)) : "nowhere";
        return redirected.To is null || to == Shown(target)
            ? (FailureReasons.Redirected, $"{Shown(target)} redirects the request to {to}, which the dashboard never does",
                $"is it the dashboard? If not: {SetUrl} URL")
            : (FailureReasons.Redirected, $"{Shown(target)} redirects to {to}; the token is not sent there",
                $"if that is a login page, let VMs through without a login; if that is the dashboard: {SetUrl} {to}");
    }

    private static string Shown(DashboardTarget target) => Shown(target.Url);

    private static string Shown(Uri url) => url.GetLeftPart(UriPartial.Authority);

    // Parentheses within the text cannot end the quotation, so that ConditionAdvice finds no command in it.
    private static string Quoted(string detail) =>
        detail.Length == 0 ? "" : $" ({detail.Replace('(', '[').Replace(')', ']')})";
}

/// <summary>The reasons of <see cref="FailureText"/>.</summary>
public static class FailureReasons
{
    public const string TokenMissing = nameof(TokenMissing);
    public const string TokenRefused = nameof(TokenRefused);
    public const string NotThisWorkloadGroup = nameof(NotThisWorkloadGroup);
    public const string WorkloadGroupNotFound = nameof(WorkloadGroupNotFound);
    public const string AgentKeyMismatch = nameof(AgentKeyMismatch);
    public const string DuplicateIdentity = ClusterViewRules.DuplicateIdentity;
    public const string AgentTooOld = nameof(AgentTooOld);
    public const string RefusedInFront = nameof(RefusedInFront);
    public const string RateLimited = nameof(RateLimited);
    public const string DashboardUnreachable = nameof(DashboardUnreachable);
    public const string DashboardError = nameof(DashboardError);
    public const string Redirected = nameof(Redirected);
    public const string InvalidAnswer = nameof(InvalidAnswer);
    public const string InvalidSettings = nameof(InvalidSettings);
}
