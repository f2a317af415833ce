using SmmAgent.Contract;
using SmmAgent.Core.Conditions;
using SmmAgent.Core.Packages;
using SmmAgent.Core.Settings;

namespace SmmAgent.Core.Sidecar;

/// <summary>What is known of the sidecar at one moment.</summary>
/// <param name="Hold">What <see cref="CrashLoop.Hold"/> says.</param>
public sealed record SidecarLook(
    SidecarSettings Settings, ReadResult<SidecarConfiguration> Configuration, PackageChoice Package, ObservedSidecar Observed, string? Hold)
{
    public string? Version => Observed.Package.Value?.Version;
}

/// <summary>What a look at the sidecar means for the conditions.</summary>
public static class SidecarVerdict
{
    private const string Reconcile = "sudo smm-agent reconcile";

    public static IReadOnlyList<Finding> Of(SidecarLook look) => [Installed(look), Current(look), Running(look)];

    private static Finding Installed(SidecarLook look)
    {
        const string Type = ConditionType.SidecarInstalled;
        if (look.Observed.Package.WhyUnknown is { } why)
            return Finding.Unknown(Type, "NotSeen", why);

        return (look.Version, look.Package.Outcome) switch
        {
            (null, PackageOutcome.NotOffered) => Finding.False(Type, "NotOffered", look.Package.Why),
            (null, PackageOutcome.NoChecksum) => Finding.False(Type, "NoChecksum", look.Package.Why),
            (null, PackageOutcome.UntrustedSource) => Finding.False(Type, "UntrustedSource", look.Package.Why),
            (null, _) => Finding.False(Type, "NotInstalled", $"{PackageChoice.SidecarPackage} is not installed: {Reconcile}"),
            (_, PackageOutcome.Installed or PackageOutcome.NotOffered) => Finding.True(Type, "Installed", $"{PackageChoice.SidecarPackage} {look.Version} is installed"),
            _ => Finding.True(Type, Finding.Degraded, $"{PackageChoice.SidecarPackage} {look.Version} is installed, which is not what the mesh wants: {look.Package.Why}"),
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
        if (look.Configuration.Value is not { } configuration)
            return Finding.False(Type, "ConfigurationInvalid", Told([.. look.Configuration.Faults.Select(fault => $"{fault}")], "the last good configuration stays"));
        if (observed.Token.Verdict is TokenVerdict.Expired or TokenVerdict.Unusable)
            return Finding.False(Type, observed.Token.Verdict == TokenVerdict.Expired ? "TokenExpired" : "TokenUnusable", $"{observed.Token.Why}: {Reconcile}");

        var drift = SidecarPlanner.Plan(new(configuration, look.Package, MayRestart: false, look.Hold), observed).Steps
            .Where(step => step is WriteSidecarFile or SetHosts).Select(step => $"to {step}").ToList();
        if (drift.Count > 0)
            return Finding.False(Type, "NotWritten", Told(drift, Reconcile));
        if (SidecarPlanner.RestartReasons(configuration, look.Version, observed) is { Count: > 0 } reasons)
            return Finding.False(Type, "RestartNeeded", $"the sidecar needs a restart: {Told(reasons, RestartRules.Words(look.Settings))}");

        return observed.Unit.Value is { Activity: UnitActivity.Running }
            ? Finding.True(Type, "Current", "the sidecar runs with the newest configuration")
            : Finding.Unknown(Type, "NotRunning", "no sidecar runs; the next start has the newest configuration");
    }

    private static Finding Running(SidecarLook look)
    {
        const string Type = ConditionType.SidecarRunning;
        const string Journal = "journalctl -u istio, /var/log/istio/istio.err.log";
        if (look.Observed.Package.WhyUnknown is null && look.Version is null)
            return Finding.False(Type, "NotInstalled", "there is no sidecar: SidecarInstalled says why");
        if (look.Observed.Unit.Value is not { } unit)
            return Finding.Unknown(Type, "NotSeen", look.Observed.Unit.WhyUnknown!);
        if (look.Hold is { } hold)
            return Finding.False(Type, "CrashLoop", $"the sidecar is held back, and captures no traffic: {hold}; {Journal}");

        return unit switch
        {
            { Activity: UnitActivity.Running, IsReady: true } => Finding.True(Type, "Running", $"the sidecar {unit.Version ?? look.Version} runs and is ready"),
            { Activity: UnitActivity.Running } => Finding.False(Type, "NotReady", $"the sidecar runs, but is not ready; {Journal}"),
            { Activity: UnitActivity.Starting } => Finding.False(Type, "Starting", $"systemd starts the sidecar; if that lasts: {Journal}"),
            _ => Finding.False(Type, "NotRunning", $"istio.service does not run: {Reconcile}"),
        };
    }

    private static string? Unseen(SidecarLook look) =>
        look.Observed.Package.WhyUnknown ?? look.Observed.Unit.WhyUnknown
        ?? look.Observed.Files.OrderBy(file => file.Key, StringComparer.Ordinal).Select(file => file.Value.WhyUnknown).FirstOrDefault(why => why is not null);

    private static string Told(IReadOnlyList<string> all, string cure) => $"{all[0]}{(all.Count > 1 ? $" (+{all.Count - 1} more)" : "")}; {cure}";
}
