using SmmAgent.Contract;
using SmmAgent.Core.Conditions;
using SmmAgent.Core.Host;
using SmmAgent.Core.Mesh;
using SmmAgent.Core.Sidecar.Logs;
using SmmAgent.Core.Sidecar.Planning;
using SmmAgent.Core.Tokens;

namespace SmmAgent.Core.Sidecar.Status;

/// <summary>What is known of a VM's registration, here and on the dashboard.</summary>
/// <param name="Dashboard">The condition Registered, as the dashboard has it.</param>
/// <param name="Sidecar">istio.service; null when it was not seen, or nobody looks after it.</param>
/// <param name="Token">The istio-token, judged at this moment; null when nobody looked.</param>
/// <param name="Failure">What the sidecar's log tells; null when it tells of no failure.</param>
/// <param name="Gateways">The condition GatewaysReachable.</param>
/// <param name="Clock">Null when no dashboard told the time.</param>
public sealed record RegistrationObservation(
    ConditionUpdate Dashboard, SidecarUnit? Sidecar, IstioToken? Token, SidecarFailure? Failure, ConditionUpdate Gateways, ClockOffset? Clock)
{
    // The control plane removes a WorkloadEntry 10 s after the sidecar's connection has ended.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    // A connection that the control plane closes now and then is made anew at once.
    private static readonly TimeSpan Reconnect = TimeSpan.FromSeconds(10);

    /// <summary>The condition SidecarCurrent; null when nobody looked.</summary>
    public ConditionUpdate? Current { get; init; }

    /// <summary>When the dashboard answered; null when that is not known.</summary>
    public DateTimeOffset? AnsweredAt { get; init; }

    /// <summary>How often a refused token was replaced.</summary>
    public RefusedToken RefusedToken { get; init; } = new();

    /// <summary>Whether the dashboard's "registered" is older than what this VM knows: the entry may be gone since.</summary>
    public bool IsOutdated => Sidecar is { Activity: UnitActivity.Stopped or UnitActivity.Failed }
        || (Failure is { } failure && (failure.IsLocal || failure.Time - failure.Since >= Reconnect) && failure.Since + Reconnect + Grace > AnsweredAt);

    /// <summary>Whether nothing on this VM is in the way of a registration that the dashboard cannot tell of.</summary>
    public bool IsLocallyHealthy => Dashboard.Status == ConditionStatus.Unknown && Failure is null && Sidecar is null or { Activity: UnitActivity.Running, IsReady: true };
}

/// <summary>Says why a VM is not registered: of all that is known, what is nearest to the cause.</summary>
public static class RegistrationExplanation
{
    /// <returns>The condition Registered, as it is shown.</returns>
    public static ConditionUpdate Explain(RegistrationObservation look)
    {
        var dashboard = look.Dashboard;
        if ((dashboard.Status == ConditionStatus.True && !look.IsOutdated) || dashboard.Reason is ConditionUpdate.Pending or ConditionUpdate.NotConfigured or ConditionUpdate.Disabled)
            return dashboard;
        if (IsCertain(dashboard) && !IsOfOldFiles(look))
            return dashboard with { Message = $"{dashboard.Message}{More(look, dashboard.Reason)}" };

        return NotStarted(look.Sidecar, look.Failure) ?? OfThisHost(look.Failure) ?? OfOldFiles(look)
            ?? OfLog(look) ?? OfClock(look) ?? OfToken(look.Token, null) ?? OfGateways(look) ?? dashboard;
    }

    // It says of the configuration that runs what a restart with the new one may change.
    private static bool IsOfOldFiles(RegistrationObservation look) =>
        look.Dashboard.Reason is RegistrationReasons.GroupNotFound or RegistrationReasons.IdentityMismatch && OfOldFiles(look) is not null;

    private static ConditionUpdate? OfOldFiles(RegistrationObservation look) =>
        look.Current is { Status: ConditionStatus.False, Reason: "RestartNeeded" or "NotWritten" } current && !look.IsLocallyHealthy ? Because(current.Reason, current.Message) : null;

    private static ConditionUpdate? OfThisHost(SidecarFailure? failure) =>
        failure is { Kind: SidecarFailureKind.PortTaken or SidecarFailureKind.CaptureFailed }
            ? Because(Reason(failure.Kind), $"{failure.Description}; {failure.Remediation}{Quoted(failure)}")
            : null;

    // The dashboard saw the cause itself, in the cluster.
    private static bool IsCertain(ConditionUpdate dashboard) => dashboard.Status == ConditionStatus.False
        && dashboard.Reason is RegistrationReasons.TokenRefused or RegistrationReasons.GroupNotFound or RegistrationReasons.IdentityMismatch or RegistrationReasons.NameInvalid
            or RegistrationReasons.StaleEntry or ClusterViewRules.DuplicateIdentity;

    private static string More(RegistrationObservation look, string reason)
    {
        var token = reason is RegistrationReasons.TokenRefused or RegistrationReasons.IdentityMismatch && OfToken(look.Token, null) is { } bad ? $"; {bad.Message}" : "";
        var isSame = look.Failure is { } failure && (Reason(failure.Kind) == reason
            || (reason == RegistrationReasons.TokenRefused && failure.Kind == SidecarFailureKind.TokenUnreadable));
        return $"{token}{(isSame ? Quoted(look.Failure) : "")}";
    }

    /// <summary>A sidecar that does not run is not registered, whatever the cluster's view of it is.</summary>
    private static ConditionUpdate? NotStarted(SidecarUnit? sidecar, SidecarFailure? failure) => sidecar switch
    {
        null or { Activity: UnitActivity.Running } => null,
        { Activity: UnitActivity.Stopped } => Because("SidecarNotRunning", "the sidecar does not run, so this VM is not registered: SidecarRunning says why"),
        _ when failure is { IsLocal: true } => Because(Reason(failure.Kind), $"the sidecar does not run: {failure.Description}; {failure.Remediation}{Quoted(failure)}"),
        _ when failure is not null => Because("SidecarNotRunning", $"the sidecar does not run: {failure.Description}; {failure.Remediation}{Quoted(failure)}"),
        _ => Because("SidecarNotRunning", "the sidecar is starting, or fails to: SidecarRunning says which"),
    };

    private static ConditionUpdate? OfLog(RegistrationObservation look)
    {
        if (look.Failure is not { } failure)
            return null;

        var isOfTime = failure.Kind is SidecarFailureKind.CertificateTime or SidecarFailureKind.TokenRefused;
        return failure.Kind switch
        {
            _ when isOfTime && look.Clock is { IsFatal: true } clock => ClockWrong(clock, failure),
            SidecarFailureKind.CertificateTime when look.Clock is null =>
                Because("ClockWrong", $"{failure.Description}; {ClockOffset.Cure}; if it is right, have the certificate renewed{Quoted(failure)}"),
            SidecarFailureKind.TokenRefused or SidecarFailureKind.TokenUnreadable when OfToken(look.Token, failure) is { } finding => finding,
            SidecarFailureKind.TokenRefused when look.RefusedToken.IsAgain(failure) => Because(RegistrationReasons.TokenRefused, $"{Again}{Quoted(failure)}"),
            SidecarFailureKind.Unreachable when look.Gateways.Status == ConditionStatus.False =>
                Because("GatewayUnreachable", $"{look.Gateways.Message}{Quoted(failure)}"),
            var kind => Because(Reason(kind), $"{failure.Description}; {failure.Remediation}{Quoted(failure)}"),
        };
    }

    private const string Again = "the control plane refuses also the new istio-token, so the token is not the cause: compare the mesh's clusterId with CLUSTER_ID of the istiod "
        + "Deployment, and the audience istio-ca with its TOKEN_AUDIENCES; else istiod does not reach its API server: see the log of istiod";

    private static ConditionUpdate? OfClock(RegistrationObservation look) =>
        look.Clock is { IsFatal: true } clock && (!look.IsLocallyHealthy || look.Token?.Verdict == TokenVerdict.Expired) ? ClockWrong(clock, null) : null;

    private static ConditionUpdate ClockWrong(ClockOffset clock, SidecarFailure? failure) => Because("ClockWrong",
        $"this VM's clock {clock}: certificates and tokens that are just made are not valid here, or are already over; {ClockOffset.Cure}{Quoted(failure)}");

    private static ConditionUpdate? OfToken(IstioToken? token, SidecarFailure? failure)
    {
        const string Cure = "get a new one from the dashboard, when DashboardReachable holds: sudo smm-agent reconcile";
        return token?.Verdict switch
        {
            TokenVerdict.Expired => Because("TokenExpired", $"{token.Reason}; {Cure}{Quoted(failure)}"),
            TokenVerdict.Unusable => Because("TokenUnusable", $"{token.Reason}; {Cure}{Quoted(failure)}"),
            _ => null,
        };
    }

    private static ConditionUpdate? OfGateways(RegistrationObservation look) =>
        look.Gateways.Status == ConditionStatus.False && !look.IsLocallyHealthy ? Because("GatewayUnreachable", look.Gateways.Message) : null;

    private static string Reason(SidecarFailureKind kind) => kind switch
    {
        SidecarFailureKind.ConfigurationInvalid => "ConfigurationInvalid",
        SidecarFailureKind.CaptureFailed => "CaptureFailed",
        SidecarFailureKind.PortTaken => "PortTaken",
        SidecarFailureKind.TokenUnreadable => "TokenUnusable",
        SidecarFailureKind.TokenRefused => RegistrationReasons.TokenRefused,
        SidecarFailureKind.GroupNotFound => RegistrationReasons.GroupNotFound,
        SidecarFailureKind.IdentityMismatch => RegistrationReasons.IdentityMismatch,
        SidecarFailureKind.NameInvalid => RegistrationReasons.NameInvalid,
        SidecarFailureKind.EntryExists => RegistrationReasons.StaleEntry,
        SidecarFailureKind.CertificateTime => "ExpiredCertificate",
        SidecarFailureKind.OtherName or SidecarFailureKind.NotTrusted => "ControlPlaneNotTrusted",
        SidecarFailureKind.OwnCertificateRefused => "CertificateRefused",
        SidecarFailureKind.NoSuchName => "NoSuchName",
        SidecarFailureKind.Refused => "ControlPlaneRefused",
        _ => "GatewayUnreachable",
    };

    private static string Quoted(SidecarFailure? failure) => failure is null ? "" : $"; the sidecar's log: {failure.Line}";

    private static ConditionUpdate Because(string reason, string message) => ConditionUpdate.False(ConditionType.Registered, reason, message);
}
