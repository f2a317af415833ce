using SmmAgent.Contract;
using SmmAgent.Core.Conditions;
using SmmAgent.Core.Host;
using SmmAgent.Core.Mesh;
using SmmAgent.Core.Sidecar.Logs;
using SmmAgent.Core.Sidecar.Planning;
using SmmAgent.Core.Tokens;

namespace SmmAgent.Core.Sidecar.Status;

/// <summary>What is known of a VM's registration, here and on the dashboard.</summary>
/// <param name="Dashboard">The condition Registered, as the dashboard reports it.</param>
/// <param name="Sidecar">istio.service; null when it was not observed, or is not managed.</param>
/// <param name="Token">The istio-token as evaluated now; null when it was not observed.</param>
/// <param name="Failure">The failure in the sidecar's log; null when the log shows none.</param>
/// <param name="Gateways">The condition GatewaysReachable.</param>
/// <param name="Clock">Null when no answer of the dashboard had a time.</param>
public sealed record RegistrationObservation(
    ConditionUpdate Dashboard, SidecarUnit? Sidecar, IstioToken? Token, SidecarFailure? Failure, ConditionUpdate Gateways,
        ClockOffset? Clock)
{
    // The control plane removes a WorkloadEntry 10 s after the sidecar's connection has ended.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    // The control plane closes connections regularly, and the sidecar connects again at once.
    private static readonly TimeSpan Reconnect = TimeSpan.FromSeconds(10);

    /// <summary>The condition SidecarCurrent; null when it was not evaluated.</summary>
    public ConditionUpdate? Current { get; init; }

    /// <summary>When the dashboard answered; null when that is not known.</summary>
    public DateTimeOffset? AnsweredAt { get; init; }

    /// <summary>How often a refused token was replaced.</summary>
    public RefusedToken RefusedToken { get; init; } = new();

    /// <summary>
    /// Whether the answer of the dashboard is older than what this VM has observed: the entry may have been removed since.
    /// </summary>
    public bool IsOutdated => Sidecar is { Activity: UnitActivity.Stopped or UnitActivity.Failed }
        || (Failure is { } failure && (failure.IsLocal || failure.Time - failure.Since >= Reconnect) && failure.Since + Reconnect
            + Grace > AnsweredAt);

    /// <summary>Whether nothing on this VM prevents the registration, while its state in the cluster is unknown.</summary>
    public bool IsLocallyHealthy =>
        Dashboard.Status == ConditionStatus.Unknown && Failure is null
            && Sidecar is null or { Activity: UnitActivity.Running, IsReady: true };
}

/// <summary>Explains why a VM is not registered: of all observations, the one nearest to the cause.</summary>
public static class RegistrationExplanation
{
    /// <returns>The condition Registered, with the cause.</returns>
    public static ConditionUpdate Explain(RegistrationObservation known)
    {
        var dashboard = known.Dashboard;
        if ((dashboard.Status == ConditionStatus.True && !known.IsOutdated)
            || dashboard.Reason is ConditionUpdate.Pending or ConditionUpdate.NotConfigured or ConditionUpdate.Disabled)
            return dashboard;
        if (IsCertain(dashboard) && !ConcernsOutdatedFiles(known))
            return dashboard with { Message = $"{dashboard.Message}{More(known, dashboard.Reason)}" };

        return NotStarted(known.Sidecar, known.Failure) ?? FromHostFailure(known.Failure) ?? FromOutdatedFiles(known)
            ?? FromLog(known) ?? FromClock(known) ?? FromToken(known.Token, null) ?? FromGateways(known) ?? dashboard;
    }

    // The answer is about the running configuration; a restart with the new one may change it.
    private static bool ConcernsOutdatedFiles(RegistrationObservation known) =>
        known.Dashboard.Reason is RegistrationReasons.GroupNotFound or RegistrationReasons.IdentityMismatch
            && FromOutdatedFiles(known) is not null;

    private static ConditionUpdate? FromOutdatedFiles(RegistrationObservation known) =>
        known.Current is { Status: ConditionStatus.False, Reason: SidecarReasons.RestartNeeded or SidecarReasons.NotWritten } current
            && !known.IsLocallyHealthy
            ? Because(current.Reason, current.Message)
            : null;

    private static ConditionUpdate? FromHostFailure(SidecarFailure? failure) =>
        failure is { Kind: SidecarFailureKind.PortTaken or SidecarFailureKind.CaptureFailed }
            ? Because(Reason(failure.Kind), $"{failure.Description}; {failure.Remediation}{Quoted(failure)}")
            : null;

    // The dashboard observed the cause itself, in the cluster.
    private static bool IsCertain(ConditionUpdate dashboard) => dashboard.Status == ConditionStatus.False
        && dashboard.Reason is RegistrationReasons.TokenRefused or RegistrationReasons.GroupNotFound or RegistrationReasons.IdentityMismatch
        or RegistrationReasons.NameInvalid
            or RegistrationReasons.StaleEntry or ClusterViewRules.DuplicateIdentity;

    private static string More(RegistrationObservation known, string reason)
    {
        var token = reason is RegistrationReasons.TokenRefused or RegistrationReasons.IdentityMismatch
            && FromToken(known.Token, null) is { } bad
            ? $"; {bad.Message}"
            : "";
        var isSame = known.Failure is { } failure && (Reason(failure.Kind) == reason
            || (reason == RegistrationReasons.TokenRefused && failure.Kind == SidecarFailureKind.TokenUnreadable));
        return $"{token}{(isSame ? Quoted(known.Failure) : "")}";
    }

    /// <summary>A sidecar that does not run is not registered, even if the cluster still has its entry.</summary>
    private static ConditionUpdate? NotStarted(SidecarUnit? sidecar, SidecarFailure? failure) => sidecar switch
    {
        null or { Activity: UnitActivity.Running } => null,
        { Activity: UnitActivity.Stopped } =>
            Because(SidecarReasons.SidecarNotRunning, "the sidecar does not run, so this VM is not registered: see SidecarRunning"),
        _ when failure is { IsLocal: true } =>
            Because(Reason(failure.Kind), $"the sidecar does not run: {failure.Description}; {failure.Remediation}{Quoted(failure)}"),
        _ when failure is not null =>
            Because(
                SidecarReasons.SidecarNotRunning,
                $"the sidecar does not run: {failure.Description}; {failure.Remediation}{Quoted(failure)}"),
        _ => Because(SidecarReasons.SidecarNotRunning, "the sidecar is starting or fails to start: see SidecarRunning"),
    };

    private static ConditionUpdate? FromLog(RegistrationObservation known)
    {
        if (known.Failure is not { } failure)
            return null;

        var isOfTime = failure.Kind is SidecarFailureKind.CertificateTime or SidecarFailureKind.TokenRefused;
        return failure.Kind switch
        {
            _ when isOfTime && known.Clock is { IsFatal: true } clock => ClockWrong(clock, failure),
            SidecarFailureKind.CertificateTime when known.Clock is null =>
                Because(
                    "ClockWrong",
                    $"{failure.Description}; {ClockOffset.Advice}; if the clock is right, renew the certificate{Quoted(failure)}"),
            SidecarFailureKind.TokenRefused or SidecarFailureKind.TokenUnreadable when FromToken(known.Token, failure) is { } finding =>
                finding,
            SidecarFailureKind.TokenRefused when known.RefusedToken.IsAgain(failure) =>
                Because(RegistrationReasons.TokenRefused, $"{Again}{Quoted(failure)}"),
            SidecarFailureKind.Unreachable when known.Gateways.Status == ConditionStatus.False =>
                Because("GatewayUnreachable", $"{known.Gateways.Message}{Quoted(failure)}"),
            var kind => Because(Reason(kind), $"{failure.Description}; {failure.Remediation}{Quoted(failure)}"),
        };
    }

    private const string Again =
        "the control plane also refuses the new istio-token, so the token is not the cause: compare the mesh's clusterId with "
            + "CLUSTER_ID of the istiod "
        + "Deployment, and the audience istio-ca with its TOKEN_AUDIENCES; otherwise istiod cannot reach its API server: see "
        + "the log of istiod";

    private static ConditionUpdate? FromClock(RegistrationObservation known) =>
        known.Clock is { IsFatal: true } clock && (!known.IsLocallyHealthy || known.Token?.Verdict == TokenVerdict.Expired)
            ? ClockWrong(clock, null)
            : null;

    private static ConditionUpdate ClockWrong(ClockOffset clock, SidecarFailure? failure) => Because("ClockWrong",
        $"this VM's clock {clock}: new certificates and tokens are not yet valid here, or have already expired; "
            + $"{ClockOffset.Advice}{Quoted(failure)}");

    private static ConditionUpdate? FromToken(IstioToken? token, SidecarFailure? failure)
    {
        const string Remediation = "fetch a new one from the dashboard once DashboardReachable is True: sudo smm-agent reconcile";
        return token?.Verdict switch
        {
            TokenVerdict.Expired => Because(SidecarReasons.TokenExpired, $"{token.Reason}; {Remediation}{Quoted(failure)}"),
            TokenVerdict.Unusable => Because(SidecarReasons.TokenUnusable, $"{token.Reason}; {Remediation}{Quoted(failure)}"),
            _ => null,
        };
    }

    private static ConditionUpdate? FromGateways(RegistrationObservation known) =>
        known.Gateways.Status == ConditionStatus.False && !known.IsLocallyHealthy
            ? Because("GatewayUnreachable", known.Gateways.Message)
            : null;

    private static string Reason(SidecarFailureKind kind) => kind switch
    {
        SidecarFailureKind.ConfigurationInvalid => "ConfigurationInvalid",
        SidecarFailureKind.CaptureFailed => "CaptureFailed",
        SidecarFailureKind.PortTaken => "PortTaken",
        SidecarFailureKind.TokenUnreadable => SidecarReasons.TokenUnusable,
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

    private static ConditionUpdate Because(string reason, string message) =>
        ConditionUpdate.False(ConditionType.Registered, reason, message);
}
