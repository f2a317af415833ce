using SmmAgent.Contract;
using SmmAgent.Core.Conditions;
using SmmAgent.Core.Packages;
using SmmAgent.Core.Settings;
using SmmAgent.Core.Sidecar.Configuration;
using SmmAgent.Core.Sidecar.Planning;
using SmmAgent.Core.Tokens;

namespace SmmAgent.Core.Sidecar.Status;

/// <summary>Evaluates the conditions of the sidecar.</summary>
public static class SidecarConditions
{
    private const string Installed = ConditionType.SidecarInstalled;
    private const string Current = ConditionType.SidecarCurrent;
    private const string Running = ConditionType.SidecarRunning;

    public static IReadOnlyList<ConditionUpdate> Evaluate(SidecarAssessment sidecar) =>
        [EvaluateInstalled(sidecar), EvaluateCurrent(sidecar), EvaluateRunning(sidecar)];

    /// <summary>The same update for all three conditions, where the sidecar is not observed.</summary>
    public static IReadOnlyList<ConditionUpdate> Unknown(string reason, string message) =>
    [
        ConditionUpdate.Unknown(Installed, reason, message),
        ConditionUpdate.Unknown(Current, reason, message),
        ConditionUpdate.Unknown(Running, reason, message),
    ];

    private static ConditionUpdate EvaluateInstalled(SidecarAssessment sidecar)
    {
        if (sidecar.Observed.Package.UnknownReason is { } unknown)
            return ConditionUpdate.Unknown(Installed, "NotSeen", unknown);

        var choice = sidecar.Desired.Package;
        var failure = PackageFailure(sidecar);
        var installed = $"{PackageChoice.SidecarPackage} {sidecar.Version} is installed";
        return (sidecar.Version, choice.Outcome) switch
        {
            (null, PackageOutcome.NotOffered) => ConditionUpdate.False(Installed, "NotOffered", choice.Reason),
            (null, PackageOutcome.NoChecksum) => ConditionUpdate.False(Installed, "NoChecksum", choice.Reason),
            (null, PackageOutcome.UntrustedSource) => ConditionUpdate.False(Installed, "UntrustedSource", choice.Reason),
            (null, PackageOutcome.NoTrustedKey) => ConditionUpdate.False(Installed, "NoTrustedKey", choice.Reason),
            (null, _) when failure is not null => ConditionUpdate.False(Installed, $"{failure.Reason}", failure.Message),
            (null, _) => ConditionUpdate.False(
                Installed, SidecarReasons.NotInstalled, $"{PackageChoice.SidecarPackage} is not installed: {Remediation(sidecar)}"),
            (_, PackageOutcome.Installed or PackageOutcome.NotOffered) => ConditionUpdate.True(Installed, "Installed", installed),
            _ => ConditionUpdate.True(
                Installed,
                ConditionUpdate.Degraded,
                $"{installed}, but the mesh wants another version: {failure?.Message ?? choice.Reason}"),
        };
    }

    private static ConditionUpdate EvaluateCurrent(SidecarAssessment sidecar)
    {
        var observed = sidecar.Observed;
        if (UnobservedReason(sidecar) is { } unknown)
            return ConditionUpdate.Unknown(Current, "NotSeen", unknown);
        if (sidecar.Version is null)
            return ConditionUpdate.Unknown(Current, SidecarReasons.NotInstalled, "no sidecar is installed");
        if (sidecar.Fault is { } fault)
            return ConditionUpdate.False(Current, fault.Reason, $"{fault.Message}; the present configuration stays in effect");
        if (observed.Token.Verdict is TokenVerdict.Expired or TokenVerdict.Unusable)
        {
            return ConditionUpdate.False(
                Current,
                observed.Token.Verdict == TokenVerdict.Expired ? SidecarReasons.TokenExpired : SidecarReasons.TokenUnusable,
                $"{observed.Token.Reason}: {FailureOrRemediation(sidecar, ReconcilePart.Token)}");
        }

        var drift = sidecar.Plan.Steps
            .Where(step => step is WriteSidecarFile or SetHosts or ProtectSidecarFile or ReloadUnits)
            .Select(step => $"to {step}").ToList();
        if (drift.Count > 0)
            return ConditionUpdate.False(
                Current, SidecarReasons.NotWritten, Summarize(drift, FailureOrRemediation(sidecar, ReconcilePart.Files)));

        var desired = sidecar.Desired with { KeepsPackage = PackageFailure(sidecar) is not null };
        if (SidecarPlanner.RestartReasons(desired, observed) is { Count: > 0 } reasons)
        {
            return ConditionUpdate.False(
                Current, SidecarReasons.RestartNeeded,
                $"the sidecar needs a restart: {Summarize(reasons, RestartRules.Describe(sidecar.Settings))}");
        }

        return OtherIdentity(sidecar) ?? CapturedTwice(sidecar) ?? CaptureOff(sidecar) ?? RunsCurrent(sidecar);
    }

    private static ConditionUpdate? OtherIdentity(SidecarAssessment sidecar)
    {
        if (sidecar.Desired.MayReplaceCertificate
            || SidecarPlanner.ForeignIdentity(sidecar.Desired with { MayReplaceCertificate = true }, sidecar.Observed) is not { } foreign)
            return null;

        var record = sidecar.ReplacedCertificate;
        return ConditionUpdate.False(
            Current,
            "OtherIdentity",
            $"the sidecar's certificate cannot be used: {foreign}; it came back after it was replaced {record.Replaced} times in a row, "
            + $"so the next replacement is at {TimeText.Format(record.NotBefore!.Value)}; "
            + $"find the program that writes {SidecarFiles.Certificate}");
    }

    private static ConditionUpdate? CapturedTwice(SidecarAssessment sidecar)
    {
        if (sidecar.Observed is not { Unit.Value.Activity: UnitActivity.Running, CapturedIn: { Count: > 1 } backends })
            return null;

        var remediation = SidecarPlanner.OtherCapture(sidecar.Desired, sidecar.Observed).Count > 0
            ? FailureOrRemediation(sidecar, ReconcilePart.Unit)
            : "sudo systemctl restart istio";
        return ConditionUpdate.False(
            Current,
            "CapturedTwice",
            $"the sidecar's capture is in {string.Join(" and ", backends)} at the same time, because an earlier start left "
                + "its rules behind: "
            + remediation);
    }

    private static ConditionUpdate? CaptureOff(SidecarAssessment sidecar)
    {
        const string Bypassed = "turns the sidecar's capture off, so traffic bypasses the sidecar: remove";
        if (sidecar.Desired.Configuration is { CaptureOff: { Count: > 0 } off })
        {
            return ConditionUpdate.False(
                Current,
                "CaptureOff",
                $"the mesh configuration {Bypassed} {string.Join(" and ", off)} from the annotation {ProxyConfig.Annotation} of "
                    + "the WorkloadGroup, "
                + "or from the proxyMetadata of the mesh's defaultConfig");
        }

        return StartEnvironment.CaptureOff(sidecar.Observed) is { Count: > 0 } own
            ? ConditionUpdate.False(
                Current,
                "CaptureOff",
                $"{SidecarFiles.OperatorEnvironment} {Bypassed} {string.Join(" and ", own)} from it, then: sudo systemctl restart istio")
            : null;
    }

    private static ConditionUpdate RunsCurrent(SidecarAssessment sidecar)
    {
        var families = sidecar.Desired.Configuration is { IsDualStack: true }
            ? "; it captures IPv4 and IPv6, because this VM registers an IPv6 address (ISTIO_DUAL_STACK)"
            : "";
        return sidecar.Observed.Unit.Value is { Activity: UnitActivity.Running }
            ? ConditionUpdate.True(Current, "Current", $"the sidecar runs with the newest configuration{families}")
            : ConditionUpdate.Unknown(
                Current, SidecarReasons.NotRunning, "the sidecar does not run; its next start uses the newest configuration");
    }

    /// <summary>Settings of the operator that have no effect, and what to do; null when there are none.</summary>
    public static string? IneffectiveSettings(SidecarAssessment sidecar) =>
        sidecar.Version is null ? null : StartEnvironment.IneffectiveSettings(sidecar.Observed);

    /// <summary>The message for a sidecar that must not run now.</summary>
    /// <param name="hold">Why it must not run.</param>
    public static string HeldBack(SidecarAssessment sidecar, string hold) => sidecar.Observed.IsCaptured
        ? $"the sidecar should be held back, but it still captures traffic: {FailureOrRemediation(sidecar, ReconcilePart.Unit)}: {hold}"
        : $"the sidecar is held back, and captures no traffic: {hold}";

    private static ConditionUpdate EvaluateRunning(SidecarAssessment sidecar)
    {
        // A failure of this host that the log shows takes the place of the hint where to read the log.
        var log = sidecar.Observed.Failure is { IsLocal: true } failure
            ? $"{failure.Description}; {failure.Remediation}; the sidecar's log: {failure.Line}"
            : "journalctl -u istio, /var/log/istio/istio.err.log";
        if (sidecar.Observed.Package.UnknownReason is null && sidecar.Version is null)
            return ConditionUpdate.False(Running, SidecarReasons.NotInstalled, "no sidecar is installed: see SidecarInstalled");
        if (sidecar.Observed.Unit.Value is not { } unit)
            return ConditionUpdate.Unknown(Running, "NotSeen", sidecar.Observed.Unit.UnknownReason!);
        if (sidecar.Desired.Hold is { } hold)
            return ConditionUpdate.False(Running, "CrashLoop", $"{HeldBack(sidecar, hold)}; {log}");

        return unit switch
        {
            { Activity: UnitActivity.Running, IsReady: true } =>
                ConditionUpdate.True(Running, "Running", $"the sidecar {sidecar.Version} runs and is ready"),
            { Activity: UnitActivity.Running } => ConditionUpdate.False(
                Running, SidecarReasons.NotReady, $"the sidecar runs, but is not ready; {log}"),
            { Activity: UnitActivity.Starting } =>
                ConditionUpdate.False(Running, "Starting", $"systemd is starting the sidecar; if this takes long: {log}"),
            { IsMasked: true } =>
                ConditionUpdate.False(
                    Running, SidecarReasons.NotRunning, $"istio.service is masked, so it is not started: {unit.UnmaskCommand}"),
            _ when !SidecarPlanner.HasCredentials(sidecar.Desired, sidecar.Observed) => ConditionUpdate.False(
                Running,
                SidecarReasons.NotRunning,
                $"istio.service is not started before it has an istio-token: {FailureOrRemediation(sidecar, ReconcilePart.Token)}"),
            { Activity: UnitActivity.Failed } when sidecar.Observed.Failure is { IsLocal: true } =>
                ConditionUpdate.False(Running, SidecarReasons.NotRunning, $"istio.service does not run: {log}"),
            _ => ConditionUpdate.False(
                Running, SidecarReasons.NotRunning, $"istio.service does not run: {FailureOrRemediation(sidecar, ReconcilePart.Unit)}"),
        };
    }

    private static string Remediation(SidecarAssessment sidecar) => sidecar.Settings.Mode == ManagementMode.Manage
        ? "sudo smm-agent reconcile"
        : "sidecar.mode is check, so this is left to you";

    private static string FailureOrRemediation(SidecarAssessment sidecar, ReconcilePart part) =>
        sidecar.Failures.FirstOrDefault(failure => failure.Part == part)?.Message ?? Remediation(sidecar);

    private static StepFailure? PackageFailure(SidecarAssessment sidecar) => sidecar.Failures.FirstOrDefault(
        failure => failure.Part == ReconcilePart.Package && failure.Subject == sidecar.Desired.Package.Package?.Version);

    private static string? UnobservedReason(SidecarAssessment sidecar) =>
        sidecar.Observed.Package.UnknownReason ?? sidecar.Observed.Unit.UnknownReason
        ?? sidecar.Observed.Files.OrderBy(file => file.Key, StringComparer.Ordinal)
            .Select(file => file.Value.UnknownReason).FirstOrDefault(reason => reason is not null);

    private static string Summarize(IReadOnlyList<string> all, string remediation) =>
        $"{all[0]}{(all.Count > 1 ? $" (+{all.Count - 1} more)" : "")}; {remediation}";
}
