using SmmAgent.Core.Packages;
using SmmAgent.Core.Planning;

namespace SmmAgent.Core.Sidecar;

/// <summary>Decides what to do about the sidecar: a pure function of what should be and what is.</summary>
public static class SidecarPlanner
{
    /// <summary>The steps that install, configure and start the sidecar. What could not be seen gets no step.</summary>
    public static Plan Plan(DesiredSidecar desired, ObservedSidecar observed)
    {
        List<PlanStep> steps = [];
        if (!desired.KeepsPackage && desired.Package is { Package: { } package } && observed.Package.Value is not null)
            steps.Add(new InstallPackage(package, desired.Package.Why));
        if (observed.Package.Value?.Version is null && steps.Count == 0)
            return Planning.Plan.Nothing; // its user and its folders come with the package

        steps.AddRange(SidecarFiles.RootFolders.Select(folder => Step(folder, observed)).OfType<PlanStep>());
        if (desired.Configuration is { } configuration)
        {
            steps.AddRange(configuration.Files.Select(file => Step(file, observed)).OfType<PlanStep>());
            if (HostsStep(configuration, observed) is { } hosts)
                steps.Add(hosts);
        }

        if (observed.Token.Verdict != TokenVerdict.Use)
            steps.Add(new RenewToken(observed.Token.Why));
        steps.AddRange(UnitSteps(desired, observed));
        return new(steps);
    }

    /// <summary>Why the sidecar that runs is not the one that should; empty when it is, or when none runs.</summary>
    public static IReadOnlyList<string> RestartReasons(DesiredSidecar desired, ObservedSidecar observed)
    {
        if (observed.Unit.Value is not { Activity: UnitActivity.Running, Since: { } since })
            return [];

        List<string> reasons = [];
        // What failed was put back, and is what runs: an upgrade that fails again and again must not restart it each time.
        if (!desired.KeepsPackage && desired.Package.Package is { } package)
            reasons.Add($"{package.Version} comes");
        else if (desired.Package.Package is null && observed.Package.Value is { Version: { } version, Since: { } installed } && installed > since)
            reasons.Add($"{PackageChoice.SidecarPackage} {version} was installed since its start");
        foreach (var file in desired.Configuration?.Files.Where(file => file.Effect == ChangeEffect.Restart) ?? [])
        {
            if (observed.File(file.Path) is { } found && (found.Content is not { } content || !file.IsIn(content)))
                reasons.Add($"{file.Path} changes");
            else if (observed.File(file.Path)?.Modified > since)
                reasons.Add($"{file.Path} changed since its start");
        }

        return reasons;
    }

    internal static string Protection(FoundFile found, string owner, UnixFileMode mode) =>
        $"it is {found.Owner}'s with mode {Octal(found.Mode)}, not {owner}'s with {Octal(mode)}";

    private static ProtectSidecarFile? Step(string folder, ObservedSidecar observed) =>
        observed.File(folder) is { Owner.Length: > 0 } found && (found.Owner != SidecarFiles.Root || found.Mode != SidecarFiles.FolderMode)
            ? new(folder, SidecarFiles.Root, SidecarFiles.FolderMode, Protection(found, SidecarFiles.Root, SidecarFiles.FolderMode))
            : null;

    private static PlanStep? Step(SidecarFile file, ObservedSidecar observed) => observed.File(file.Path) switch
    {
        null => null,
        { Content: null } => new WriteSidecarFile(file, "it is missing"),
        { Content: { } content } when !file.IsIn(content) => new WriteSidecarFile(file, "it is another"),
        var found when found.Owner != file.Owner || found.Mode != file.Mode =>
            new ProtectSidecarFile(file.Path, file.Owner, file.Mode, Protection(found, file.Owner, file.Mode)),
        _ => null,
    };

    private static SetHosts? HostsStep(SidecarConfiguration configuration, ObservedSidecar observed) =>
        observed.File(SidecarFiles.HostsFile) is { } hosts && configuration.HostsIn(hosts.Content ?? "") is { Count: > 0 } lines
            && !HostsBlock.Has(hosts.Content ?? "", lines) ? new(lines) : null;

    private static IEnumerable<PlanStep> UnitSteps(DesiredSidecar desired, ObservedSidecar observed)
    {
        if (observed.Unit.Value is not { IsMasked: false } unit)
            yield break;
        if (desired.Hold is { } hold)
        {
            if (unit.Activity is UnitActivity.Running or UnitActivity.Starting)
                yield return new StopSidecar(hold);
            if (observed.IsCaptured)
                yield return new RemoveCapture(hold);
            yield break;
        }

        // Without its configuration it would register under no group, and capture the host's traffic for nothing.
        if (desired.Configuration is null && observed.File(SidecarFiles.ClusterEnvironment)?.Content is null)
            yield break;
        if (!unit.IsEnabled && desired.AtBoot)
            yield return new EnableSidecar(AtBoot: true);
        if (unit.Activity is UnitActivity.Stopped or UnitActivity.Failed)
            yield return new StartSidecar();
        else if (desired.MayRestart && RestartReasons(desired, observed) is { Count: > 0 } reasons)
            yield return new RestartSidecar(reasons);
    }

    private static string Octal(UnixFileMode mode) => Convert.ToString((int)mode, 8).PadLeft(4, '0');
}
