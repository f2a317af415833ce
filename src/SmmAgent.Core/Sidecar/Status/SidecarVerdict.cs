using SmmAgent.Core.Conditions;
using SmmAgent.Core.Packages;
using SmmAgent.Core.Settings;
using SmmAgent.Core.Sidecar.Configuration;
using SmmAgent.Core.Sidecar.Planning;
using SmmAgent.Core.Tokens;

namespace SmmAgent.Core.Sidecar.Status;

/// <summary>What is known of the sidecar at one moment.</summary>
/// <param name="Fault">Why no configuration can be made; null when there is one.</param>
/// <param name="Failures">What root could not do when it tried last.</param>
public sealed record SidecarLook(
    SidecarSettings Settings, DesiredSidecar Desired, ConfigurationFault? Fault, ObservedSidecar Observed, IReadOnlyList<RootFailure> Failures)
{
    public string? Version => Observed.Package.Value?.Version;

    /// <summary>Its record of failed starts, this look included.</summary>
    public CrashLoop CrashLoop { get; init; } = new();

    /// <summary>Its record of tokens that were refused, this look included.</summary>
    public RefusedToken RefusedToken { get; init; } = new();

    /// <summary>Its record of certificates of another identity, this look included.</summary>
    public ReplacedCertificate ReplacedCertificate { get; init; } = new();

    /// <summary>Whether the record of failed starts is clean, and root's is not yet: else failures with days between them would be three in a row.</summary>
    public bool IsMended { get; init; }

    /// <summary>What is to be done, whoever may do it.</summary>
    public Core.Planning.Plan Plan => SidecarPlanner.Plan(Desired, Observed);
}

/// <summary>Why no configuration of the sidecar can be made.</summary>
/// <param name="Reason">One stable CamelCase word.</param>
public sealed record ConfigurationFault(string Reason, string Message)
{
    public const string ConfigurationInvalid = nameof(ConfigurationInvalid);
    public const string AddressUnknown = nameof(AddressUnknown);
}

/// <summary>What a look at the sidecar means for the conditions.</summary>
public static class SidecarVerdict
{
    public static IReadOnlyList<Finding> Of(SidecarLook look) => [Installed(look), Current(look), Running(look)];

    /// <summary>The same word for all three, where nobody looks.</summary>
    public static IReadOnlyList<Finding> Unknown(string reason, string message) =>
    [
        Finding.Unknown(ConditionType.SidecarInstalled, reason, message),
        Finding.Unknown(ConditionType.SidecarCurrent, reason, message),
        Finding.Unknown(ConditionType.SidecarRunning, reason, message),
    ];

    private static Finding Installed(SidecarLook look)
    {
        const string Type = ConditionType.SidecarInstalled;
        if (look.Observed.Package.WhyUnknown is { } why)
            return Finding.Unknown(Type, "NotSeen", why);

        var choice = look.Desired.Package;
        var failure = PackageFailure(look);
        return (look.Version, choice.Outcome) switch
        {
            (null, PackageOutcome.NotOffered) => Finding.False(Type, "NotOffered", choice.Why),
            (null, PackageOutcome.NoChecksum) => Finding.False(Type, "NoChecksum", choice.Why),
            (null, PackageOutcome.UntrustedSource) => Finding.False(Type, "UntrustedSource", choice.Why),
            (null, PackageOutcome.NoTrustedKey) => Finding.False(Type, "NoTrustedKey", choice.Why),
            (null, _) when failure is not null => Finding.False(Type, failure.Reason, failure.Message),
            (null, _) => Finding.False(Type, "NotInstalled", $"{PackageChoice.SidecarPackage} is not installed: {Cure(look)}"),
            (_, PackageOutcome.Installed or PackageOutcome.NotOffered) => Finding.True(Type, "Installed", $"{PackageChoice.SidecarPackage} {look.Version} is installed"),
            _ => Finding.True(
                Type, Finding.Degraded, $"{PackageChoice.SidecarPackage} {look.Version} is installed, which is not what the mesh wants: {failure?.Message ?? choice.Why}"),
        };
    }

    private static Finding Current(SidecarLook look)
    {
        const string Type = ConditionType.SidecarCurrent;
        var observed = look.Observed;
        if (Unseen(look) is { } why)
            return Finding.Unknown(Type, "NotSeen", why);
        if (look.Version is null)
            return Finding.Unknown(Type, "NotInstalled", "there is no sidecar");
        if (look.Fault is { } fault)
            return Finding.False(Type, fault.Reason, $"{fault.Message}; what is configured stays");
        if (observed.Token.Verdict is TokenVerdict.Expired or TokenVerdict.Unusable)
            return Finding.False(Type, observed.Token.Verdict == TokenVerdict.Expired ? "TokenExpired" : "TokenUnusable", $"{observed.Token.Why}: {Failed(look, RootPart.Token) ?? Cure(look)}");

        var drift = look.Plan.Steps.Where(step => step is WriteSidecarFile or SetHosts or ProtectSidecarFile or ReloadUnits).Select(step => $"to {step}").ToList();
        if (drift.Count > 0)
            return Finding.False(Type, "NotWritten", Told(drift, Failed(look, RootPart.Files) ?? Cure(look)));
        if (SidecarPlanner.RestartReasons(look.Desired with { KeepsPackage = PackageFailure(look) is not null }, observed) is { Count: > 0 } reasons)
            return Finding.False(Type, "RestartNeeded", $"the sidecar needs a restart: {Told(reasons, RestartRules.Words(look.Settings))}");

        if (!look.Desired.MayReplaceCertificate && SidecarPlanner.OtherIdentity(look.Desired with { MayReplaceCertificate = true }, observed) is { } foreign)
        {
            return Finding.False(
                Type, "OtherIdentity", $"the sidecar's certificate cannot be used: {foreign}; it came back after it was replaced {look.ReplacedCertificate.Replaced} times in a row, "
                + $"so the next time is at {look.ReplacedCertificate.NotBefore:u}; find what writes {SidecarFiles.Certificate}");
        }

        if (observed is { Unit.Value.Activity: UnitActivity.Running, CapturedIn.Count: > 1 })
        {
            return Finding.False(
                Type, "CapturedTwice", $"the sidecar's capture is in {string.Join(" and ", observed.CapturedIn)} at once, because an earlier start has left its rules: "
                + (SidecarPlanner.OtherCapture(look.Desired, observed).Count > 0 ? Failed(look, RootPart.Unit) ?? Cure(look) : "sudo systemctl restart istio"));
        }

        if (look.Desired.Configuration is { CaptureOff: { Count: > 0 } off })
        {
            return Finding.False(
                Type, "CaptureOff", $"the mesh configuration switches the sidecar's capture off, so traffic passes it by: remove {string.Join(" and ", off)} from the "
                + $"annotation {ProxyConfig.Annotation} of the WorkloadGroup, or from the proxyMetadata of the mesh's defaultConfig");
        }

        if (StartEnvironment.CaptureOff(observed) is { Count: > 0 } own)
        {
            return Finding.False(
                Type, "CaptureOff", $"{SidecarFiles.OperatorEnvironment} switches the sidecar's capture off, so traffic passes it by: "
                + $"remove {string.Join(" and ", own)} from it, then: sudo systemctl restart istio");
        }

        var families = look.Desired.Configuration is { IsDualStack: true }
            ? "; it captures IPv4 and IPv6, because this VM registers an IPv6 address (ISTIO_DUAL_STACK)"
            : "";
        return observed.Unit.Value is { Activity: UnitActivity.Running }
            ? Finding.True(Type, "Current", $"the sidecar runs with the newest configuration{families}")
            : Finding.Unknown(Type, "NotRunning", "no sidecar runs; the next start has the newest configuration");
    }

    /// <summary>Settings of the operator that have no effect, and what to do; null when there are none.</summary>
    public static string? WithoutEffect(SidecarLook look) => look.Version is null ? null : StartEnvironment.WithoutEffect(look.Observed);

    /// <summary>That the sidecar must not run, and what of that is done.</summary>
    public static string HeldBack(SidecarLook look, string hold) => look.Observed.IsCaptured
        ? $"the sidecar is to be held back, but still captures traffic: {Failed(look, RootPart.Unit) ?? Cure(look)}: {hold}"
        : $"the sidecar is held back, and captures no traffic: {hold}";

    private static Finding Running(SidecarLook look)
    {
        const string Type = ConditionType.SidecarRunning;
        // What the log says that this host's own trouble is, in the place of where to look for it.
        var log = look.Observed.Failure is { IsLocal: true } failure
            ? $"{failure.Found}; {failure.Cure}; the sidecar's log: {failure.Line}"
            : "journalctl -u istio, /var/log/istio/istio.err.log";
        if (look.Observed.Package.WhyUnknown is null && look.Version is null)
            return Finding.False(Type, "NotInstalled", "there is no sidecar: SidecarInstalled says why");
        if (look.Observed.Unit.Value is not { } unit)
            return Finding.Unknown(Type, "NotSeen", look.Observed.Unit.WhyUnknown!);
        if (look.Desired.Hold is { } hold)
            return Finding.False(Type, "CrashLoop", $"{HeldBack(look, hold)}; {log}");

        return unit switch
        {
            { Activity: UnitActivity.Running, IsReady: true } => Finding.True(Type, "Running", $"the sidecar {look.Version} runs and is ready"),
            { Activity: UnitActivity.Running } => Finding.False(Type, "NotReady", $"the sidecar runs, but is not ready; {log}"),
            { Activity: UnitActivity.Starting } => Finding.False(Type, "Starting", $"systemd starts the sidecar; if that lasts: {log}"),
            { IsMasked: true } => Finding.False(Type, "NotRunning", $"istio.service is masked, so nobody starts it: {unit.Unmask}"),
            _ when !SidecarPlanner.HasCredentials(look.Desired, look.Observed) => Finding.False(
                Type, "NotRunning", $"istio.service is not started before it has an istio-token: {Failed(look, RootPart.Token) ?? Cure(look)}"),
            { Activity: UnitActivity.Failed } when look.Observed.Failure is { IsLocal: true } => Finding.False(Type, "NotRunning", $"istio.service does not run: {log}"),
            _ => Finding.False(Type, "NotRunning", $"istio.service does not run: {Failed(look, RootPart.Unit) ?? Cure(look)}"),
        };
    }

    private static string Cure(SidecarLook look) => look.Settings.Mode == PartMode.Manage
        ? "sudo smm-agent reconcile"
        : "sidecar.mode is check, so that is left to you";

    private static string? Failed(SidecarLook look, string part) => look.Failures.FirstOrDefault(failure => failure.Part == part)?.Message;

    private static RootFailure? PackageFailure(SidecarLook look) =>
        look.Failures.FirstOrDefault(failure => failure.Part == RootPart.Package && failure.Subject == look.Desired.Package.Package?.Version);

    private static string? Unseen(SidecarLook look) =>
        look.Observed.Package.WhyUnknown ?? look.Observed.Unit.WhyUnknown
        ?? look.Observed.Files.OrderBy(file => file.Key, StringComparer.Ordinal).Select(file => file.Value.WhyUnknown).FirstOrDefault(why => why is not null);

    private static string Told(IReadOnlyList<string> all, string cure) => $"{all[0]}{(all.Count > 1 ? $" (+{all.Count - 1} more)" : "")}; {cure}";
}
