using SmmAgent.Core.Conditions;
using SmmAgent.Core.Packages;
using SmmAgent.Core.Settings;
using SmmAgent.Core.Sidecar.Configuration;
using SmmAgent.Core.Sidecar.Planning;
using SmmAgent.Core.Tokens;

namespace SmmAgent.Core.Sidecar.Status;

/// <summary>What a look at the sidecar means for the conditions.</summary>
public static class SidecarConditions
{
    public static IReadOnlyList<ConditionUpdate> Evaluate(SidecarAssessment look) => [Installed(look), Current(look), Running(look)];

    /// <summary>The same word for all three, where nobody looks.</summary>
    public static IReadOnlyList<ConditionUpdate> Unknown(string reason, string message) =>
    [
        ConditionUpdate.Unknown(ConditionType.SidecarInstalled, reason, message),
        ConditionUpdate.Unknown(ConditionType.SidecarCurrent, reason, message),
        ConditionUpdate.Unknown(ConditionType.SidecarRunning, reason, message),
    ];

    private static ConditionUpdate Installed(SidecarAssessment look)
    {
        const string Type = ConditionType.SidecarInstalled;
        if (look.Observed.Package.UnknownReason is { } why)
            return ConditionUpdate.Unknown(Type, "NotSeen", why);

        var choice = look.Desired.Package;
        var failure = PackageFailure(look);
        return (look.Version, choice.Outcome) switch
        {
            (null, PackageOutcome.NotOffered) => ConditionUpdate.False(Type, "NotOffered", choice.Reason),
            (null, PackageOutcome.NoChecksum) => ConditionUpdate.False(Type, "NoChecksum", choice.Reason),
            (null, PackageOutcome.UntrustedSource) => ConditionUpdate.False(Type, "UntrustedSource", choice.Reason),
            (null, PackageOutcome.NoTrustedKey) => ConditionUpdate.False(Type, "NoTrustedKey", choice.Reason),
            (null, _) when failure is not null => ConditionUpdate.False(Type, $"{failure.Reason}", failure.Message),
            (null, _) => ConditionUpdate.False(Type, "NotInstalled", $"{PackageChoice.SidecarPackage} is not installed: {Remediation(look)}"),
            (_, PackageOutcome.Installed or PackageOutcome.NotOffered) => ConditionUpdate.True(Type, "Installed", $"{PackageChoice.SidecarPackage} {look.Version} is installed"),
            _ => ConditionUpdate.True(
                Type, ConditionUpdate.Degraded, $"{PackageChoice.SidecarPackage} {look.Version} is installed, which is not what the mesh wants: {failure?.Message ?? choice.Reason}"),
        };
    }

    private static ConditionUpdate Current(SidecarAssessment look)
    {
        const string Type = ConditionType.SidecarCurrent;
        var observed = look.Observed;
        if (UnobservedReason(look) is { } why)
            return ConditionUpdate.Unknown(Type, "NotSeen", why);
        if (look.Version is null)
            return ConditionUpdate.Unknown(Type, "NotInstalled", "there is no sidecar");
        if (look.Fault is { } fault)
            return ConditionUpdate.False(Type, fault.Reason, $"{fault.Message}; what is configured stays");
        if (observed.Token.Verdict is TokenVerdict.Expired or TokenVerdict.Unusable)
            return ConditionUpdate.False(Type, observed.Token.Verdict == TokenVerdict.Expired ? "TokenExpired" : "TokenUnusable", $"{observed.Token.Reason}: {Failed(look, ReconcilePart.Token) ?? Remediation(look)}");

        var drift = look.Plan.Steps.Where(step => step is WriteSidecarFile or SetHosts or ProtectSidecarFile or ReloadUnits).Select(step => $"to {step}").ToList();
        if (drift.Count > 0)
            return ConditionUpdate.False(Type, "NotWritten", Summarize(drift, Failed(look, ReconcilePart.Files) ?? Remediation(look)));
        if (SidecarPlanner.RestartReasons(look.Desired with { KeepsPackage = PackageFailure(look) is not null }, observed) is { Count: > 0 } reasons)
            return ConditionUpdate.False(Type, "RestartNeeded", $"the sidecar needs a restart: {Summarize(reasons, RestartRules.Describe(look.Settings))}");

        if (!look.Desired.MayReplaceCertificate && SidecarPlanner.ForeignIdentity(look.Desired with { MayReplaceCertificate = true }, observed) is { } foreign)
        {
            return ConditionUpdate.False(
                Type, "OtherIdentity", $"the sidecar's certificate cannot be used: {foreign}; it came back after it was replaced {look.ReplacedCertificate.Replaced} times in a row, "
                + $"so the next time is at {look.ReplacedCertificate.NotBefore:u}; find what writes {SidecarFiles.Certificate}");
        }

        if (observed is { Unit.Value.Activity: UnitActivity.Running, CapturedIn.Count: > 1 })
        {
            return ConditionUpdate.False(
                Type, "CapturedTwice", $"the sidecar's capture is in {string.Join(" and ", observed.CapturedIn)} at once, because an earlier start has left its rules: "
                + (SidecarPlanner.OtherCapture(look.Desired, observed).Count > 0 ? Failed(look, ReconcilePart.Unit) ?? Remediation(look) : "sudo systemctl restart istio"));
        }

        if (look.Desired.Configuration is { CaptureOff: { Count: > 0 } off })
        {
            return ConditionUpdate.False(
                Type, "CaptureOff", $"the mesh configuration switches the sidecar's capture off, so traffic passes it by: remove {string.Join(" and ", off)} from the "
                + $"annotation {ProxyConfig.Annotation} of the WorkloadGroup, or from the proxyMetadata of the mesh's defaultConfig");
        }

        if (StartEnvironment.CaptureOff(observed) is { Count: > 0 } own)
        {
            return ConditionUpdate.False(
                Type, "CaptureOff", $"{SidecarFiles.OperatorEnvironment} switches the sidecar's capture off, so traffic passes it by: "
                + $"remove {string.Join(" and ", own)} from it, then: sudo systemctl restart istio");
        }

        var families = look.Desired.Configuration is { IsDualStack: true }
            ? "; it captures IPv4 and IPv6, because this VM registers an IPv6 address (ISTIO_DUAL_STACK)"
            : "";
        return observed.Unit.Value is { Activity: UnitActivity.Running }
            ? ConditionUpdate.True(Type, "Current", $"the sidecar runs with the newest configuration{families}")
            : ConditionUpdate.Unknown(Type, "NotRunning", "no sidecar runs; the next start has the newest configuration");
    }

    /// <summary>Settings of the operator that have no effect, and what to do; null when there are none.</summary>
    public static string? IneffectiveSettings(SidecarAssessment look) => look.Version is null ? null : StartEnvironment.IneffectiveSettings(look.Observed);

    /// <summary>That the sidecar must not run, and what of that is done.</summary>
    public static string HeldBack(SidecarAssessment look, string hold) => look.Observed.IsCaptured
        ? $"the sidecar is to be held back, but still captures traffic: {Failed(look, ReconcilePart.Unit) ?? Remediation(look)}: {hold}"
        : $"the sidecar is held back, and captures no traffic: {hold}";

    private static ConditionUpdate Running(SidecarAssessment look)
    {
        const string Type = ConditionType.SidecarRunning;
        // What the log says that this host's own trouble is, in the place of where to look for it.
        var log = look.Observed.Failure is { IsLocal: true } failure
            ? $"{failure.Description}; {failure.Remediation}; the sidecar's log: {failure.Line}"
            : "journalctl -u istio, /var/log/istio/istio.err.log";
        if (look.Observed.Package.UnknownReason is null && look.Version is null)
            return ConditionUpdate.False(Type, "NotInstalled", "there is no sidecar: SidecarInstalled says why");
        if (look.Observed.Unit.Value is not { } unit)
            return ConditionUpdate.Unknown(Type, "NotSeen", look.Observed.Unit.UnknownReason!);
        if (look.Desired.Hold is { } hold)
            return ConditionUpdate.False(Type, "CrashLoop", $"{HeldBack(look, hold)}; {log}");

        return unit switch
        {
            { Activity: UnitActivity.Running, IsReady: true } => ConditionUpdate.True(Type, "Running", $"the sidecar {look.Version} runs and is ready"),
            { Activity: UnitActivity.Running } => ConditionUpdate.False(Type, "NotReady", $"the sidecar runs, but is not ready; {log}"),
            { Activity: UnitActivity.Starting } => ConditionUpdate.False(Type, "Starting", $"systemd starts the sidecar; if that lasts: {log}"),
            { IsMasked: true } => ConditionUpdate.False(Type, "NotRunning", $"istio.service is masked, so nobody starts it: {unit.UnmaskCommand}"),
            _ when !SidecarPlanner.HasCredentials(look.Desired, look.Observed) => ConditionUpdate.False(
                Type, "NotRunning", $"istio.service is not started before it has an istio-token: {Failed(look, ReconcilePart.Token) ?? Remediation(look)}"),
            { Activity: UnitActivity.Failed } when look.Observed.Failure is { IsLocal: true } => ConditionUpdate.False(Type, "NotRunning", $"istio.service does not run: {log}"),
            _ => ConditionUpdate.False(Type, "NotRunning", $"istio.service does not run: {Failed(look, ReconcilePart.Unit) ?? Remediation(look)}"),
        };
    }

    private static string Remediation(SidecarAssessment look) => look.Settings.Mode == ManagementMode.Manage
        ? "sudo smm-agent reconcile"
        : "sidecar.mode is check, so that is left to you";

    private static string? Failed(SidecarAssessment look, ReconcilePart part) => look.Failures.FirstOrDefault(failure => failure.Part == part)?.Message;

    private static StepFailure? PackageFailure(SidecarAssessment look) =>
        look.Failures.FirstOrDefault(failure => failure.Part == ReconcilePart.Package && failure.Subject == look.Desired.Package.Package?.Version);

    private static string? UnobservedReason(SidecarAssessment look) =>
        look.Observed.Package.UnknownReason ?? look.Observed.Unit.UnknownReason
        ?? look.Observed.Files.OrderBy(file => file.Key, StringComparer.Ordinal).Select(file => file.Value.UnknownReason).FirstOrDefault(why => why is not null);

    private static string Summarize(IReadOnlyList<string> all, string cure) => $"{all[0]}{(all.Count > 1 ? $" (+{all.Count - 1} more)" : "")}; {cure}";
}
