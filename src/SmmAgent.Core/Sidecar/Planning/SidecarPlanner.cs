using SmmAgent.Core.Packages;
using SmmAgent.Core.Planning;
using SmmAgent.Core.Sidecar.Configuration;
using SmmAgent.Core.Sidecar.Logs;
using SmmAgent.Core.Text;
using SmmAgent.Core.Tokens;

namespace SmmAgent.Core.Sidecar.Planning;

/// <summary>Plans the steps for the sidecar: a pure function of the desired and the observed state.</summary>
public static class SidecarPlanner
{
    // Two clocks that differ a little are not a reason to write.
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromMinutes(1);

    /// <summary>The steps that install, configure and start the sidecar. Unobserved parts get no step.</summary>
    public static Plan Plan(DesiredSidecar desired, ObservedSidecar observed)
    {
        List<PlanStep> steps = [];
        // These steps are first, because a failure of any other step must not keep the host cut off.
        if (observed.Package.Value?.Version is not null)
            steps.AddRange(FailOpenSteps(desired, observed));
        var package = desired.KeepsPackage || observed.Package.Value is null ? null : desired.Package.Package;
        if (package is null && observed.Package.Value?.Version is null)
            return Core.Planning.Plan.Nothing; // its user and its folders come with the package

        // Before the package is installed: its scripts give the folder in which root would read to the sidecar's user.
        var environment = StartEnvironment.Steps(desired, observed);
        steps.AddRange(environment);
        if (package is not null)
            steps.Add(new InstallPackage(package, desired.Package.Reason));
        if (desired.Configuration is { } configuration)
        {
            var isWritten = environment.Any(step => step is WriteSidecarFile { File.Path: SidecarFiles.ClusterEnvironment });
            steps.AddRange(configuration.Files
                .Where(file => !isWritten || file.Path != SidecarFiles.ClusterEnvironment)
                .Select(file => Step(file, observed)).OfType<PlanStep>());
            if (HostsStep(configuration, observed) is { } hosts)
                steps.Add(hosts);
        }

        if (observed.Token.Verdict is TokenVerdict.Use or TokenVerdict.Renew
            && Protect(SidecarFiles.Token, SidecarFiles.SidecarUser, SidecarFiles.Private, observed) is { } token)
            steps.Add(token);
        if (observed.Token.Verdict != TokenVerdict.Use || desired.ReplacesToken)
        {
            steps.Add(
                new RenewToken(observed.Token.Verdict == TokenVerdict.Use ? $"{observed.Token.Reason}, but the control plane refuses it"
                    : observed.Token.Reason)
                {
                    IsRefused = desired.ReplacesToken,
                    IsNeeded = !HasCredentials(desired, observed),
                });
        }

        var foreign = ForeignIdentity(desired, observed);
        if (foreign is not null)
        {
            steps.AddRange(SidecarFiles.CertificateFiles
                .Where(path => observed.File(path) is { Owner.Length: > 0 })
                .Select(path => new RemoveSidecarFile(path) { Reason = foreign }));
        }

        steps.AddRange(UnitSteps(desired, observed, foreign));
        return new(steps);
    }

    /// <summary>Why the sidecar that runs is not the one that should; empty when it is, or when none runs.</summary>
    public static IReadOnlyList<string> RestartReasons(DesiredSidecar desired, ObservedSidecar observed)
    {
        if (observed.Unit.Value is not { Activity: UnitActivity.Running, Since: { } since })
            return [];

        List<string> reasons = [];
        // The version before a failed upgrade was restored, and runs: an upgrade that fails repeatedly must not restart it each time.
        if (!desired.KeepsPackage && desired.Package.Package is { } package)
            reasons.Add($"version {package.Version} will be installed");
        else if (desired.Package.Package is null && observed.Package.Value is { Version: { } version, Since: { } installed }
            && installed > since && installed <= observed.At)
            reasons.Add($"{PackageChoice.SidecarPackage} {version} was installed since its start");
        foreach (var file in desired.Configuration?.Files.Where(file => file.NeedsRestart) ?? [])
        {
            var found = file.Path == SidecarFiles.ClusterEnvironment
                ? StartEnvironment.ClusterEnvironment(observed)
                : observed.File(file.Path);
            if (found is not null && (found.Content is not { } content || !file.Matches(content)))
                reasons.Add($"{file.Path} changes");
            else if (found?.Modified > since)
                reasons.Add($"{file.Path} changed since its start");
        }

        return reasons;
    }

    /// <summary>Whether the sidecar has something by which the control plane accepts it: a token, or a certificate that it keeps.</summary>
    internal static bool HasCredentials(DesiredSidecar desired, ObservedSidecar observed) =>
        observed.Token.Verdict is TokenVerdict.Use or TokenVerdict.Renew
        || (desired.Identity is { } identity && observed.Certificate?.IsGood(identity, observed.At) == true);

    /// <summary>Why the sidecar's certificate must go; null when it may stay.</summary>
    internal static string? ForeignIdentity(DesiredSidecar desired, ObservedSidecar observed)
    {
        if (desired.Identity is not { } wanted || observed.Certificate is not { } certificate
            || certificate.OtherThan(wanted) is not { } found)
            return null;

        if (observed.Unit.Value is { Activity: UnitActivity.Running, Since: { } since } unit)
        {
            var isOld = RestartReasons(desired, observed).Count > 0;
            var isRefused = observed.Failure?.Kind == SidecarFailureKind.IdentityMismatch;
            // A certificate that the control plane issued to the present run, for the present configuration, would come again. But a
            // sidecar that an operator restarted with the certificate of another account gets a new one for that account, and is refused:
            // it needs a start without any certificate.
            if (certificate.Modified > since && !isOld && !isRefused)
                return null;
            // The control plane may know several trust domains: a sidecar that works is not interrupted for that.
            if (unit.IsReady && found with { TrustDomain = wanted.TrustDomain } == wanted)
                return null;
            // It works with the configuration of its start. The condition reports that it needs a restart.
            if (unit.IsReady && isOld && !desired.MayRestart && !isRefused)
                return null;
            if (!desired.MayReplaceCertificate && !(isOld && desired.MayRestart))
                return null;
        }

        return $"its identity is {found}, but this VM has {wanted}";
    }

    /// <summary>
    /// The backends with rules that an earlier start left behind. Istio would not remove them: it cleans the backend that it captures in.
    /// </summary>
    internal static IReadOnlyList<string> OtherCapture(DesiredSidecar desired, ObservedSidecar observed)
    {
        if (desired.Configuration?.CaptureBackend is not { } chosen || observed.Unit.Value is not { } unit)
            return [];

        // One that runs may have captured before the choice was made: its only capture stays until it is restarted.
        var isUp = unit.Activity is UnitActivity.Running or UnitActivity.Starting;
        return isUp && !observed.CapturedIn.Contains(chosen) ? [] : observed.CapturedIn.Where(backend => backend != chosen).ToArray();
    }

    internal static string Protection(FoundFile found, string owner, UnixFileMode mode) =>
        $"its owner is {found.Owner} and its mode {OctalMode.Format(found.Mode)}, not {owner} and {OctalMode.Format(mode)}";

    internal static ProtectSidecarFile? Protect(string path, string owner, UnixFileMode mode, ObservedSidecar observed) =>
        observed.File(path) is { Owner.Length: > 0 } found && (found.Owner != owner || found.Mode != mode)
            ? new(path, owner, mode, Protection(found, owner, mode))
            : null;

    internal static PlanStep? Step(SidecarFile file, ObservedSidecar observed) => observed.File(file.Path) switch
    {
        null => null,
        { Content: null } => new WriteSidecarFile(file, "it is missing"),
        { Content: { } content } when !file.Matches(content) => new WriteSidecarFile(file, "its content differs"),
        // No restart would be newer than it.
        { Modified: var modified } when file.NeedsRestart && modified - observed.At > ClockTolerance =>
            new WriteSidecarFile(file, "its modification time is in the future"),
        var found when IsOpenToOthers(file, found) =>
            new WriteSidecarFile(file, Protection(found, file.Owner, file.Mode)) { Modified = found.Modified },
        var found when found.Owner != file.Owner || found.Mode != file.Mode =>
            new ProtectSidecarFile(file.Path, file.Owner, file.Mode, Protection(found, file.Owner, file.Mode)),
        _ => null,
    };

    // A user who could write to it may have it open, and would go on writing to a file that root owns by then: another file replaces it.
    private static bool IsOpenToOthers(SidecarFile file, FoundFile found) =>
        file.Owner == SidecarFiles.Root && !StartEnvironment.IsRootOnly(found);

    private static SetHosts? HostsStep(SidecarConfiguration configuration, ObservedSidecar observed) =>
        observed.File(SidecarFiles.HostsFile) is { } hosts && configuration.MergeHosts(hosts.Content ?? "") is { Count: > 0 } lines
            && !HostsBlock.Has(hosts.Content ?? "", lines) ? new(lines) : null;

    // A capture without a listener cuts the host off, and gives its traffic to any program that opens the sidecar's port.
    private static IEnumerable<PlanStep> FailOpenSteps(DesiredSidecar desired, ObservedSidecar observed)
    {
        if (observed.Unit.Value is not { } unit)
            yield break;

        var isUp = unit.Activity is UnitActivity.Running or UnitActivity.Starting;
        if (desired.Hold is { } hold && isUp)
            yield return new StopSidecar(hold);
        if (observed.IsCaptured && (desired.Hold is not null || (!isUp && !MayStart(unit, desired, observed))))
            yield return new RemoveCapture(desired.Hold ?? "no sidecar runs, and none is started");
        else if (observed.IsCaptured && !isUp && !HasCredentials(desired, observed))
            yield return new RemoveCapture("no sidecar runs, and none is started before it has an istio-token");
    }

    // Without its configuration it would register under no group, and capture the host's traffic for nothing.
    private static bool MayStart(SidecarUnit unit, DesiredSidecar desired, ObservedSidecar observed) =>
        !unit.IsMasked && (desired.Configuration is not null || StartEnvironment.ClusterEnvironment(observed)?.Content is not null);

    /// <param name="foreign">Why the sidecar's certificate goes; null when it stays.</param>
    private static IEnumerable<PlanStep> UnitSteps(DesiredSidecar desired, ObservedSidecar observed, string? foreign)
    {
        if (desired.Hold is not null || observed.Unit.Value is not { } unit || !MayStart(unit, desired, observed))
            yield break;
        if (!unit.IsEnabled && desired.AtBoot)
            yield return new EnableSidecar(AtBoot: true);
        if (OtherCapture(desired, observed) is { Count: > 0 } others)
            yield return new RemoveOtherCapture(others, desired.Configuration!.CaptureBackend!);
        if (unit.Activity is UnitActivity.Stopped or UnitActivity.Failed)
            yield return new StartSidecar();
        else if (unit.Activity == UnitActivity.Running && foreign is not null)
            yield return new RestartSidecar(["its certificate is of another identity, so a restart interrupts nothing",
                .. RestartReasons(desired, observed)])
            { ReplacesCertificate = true };
        else if (desired.MayRestart && RestartReasons(desired, observed) is { Count: > 0 } reasons)
            yield return new RestartSidecar(reasons);
    }
}
