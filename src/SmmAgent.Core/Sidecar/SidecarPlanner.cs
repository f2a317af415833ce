using SmmAgent.Contract;
using SmmAgent.Core.Planning;

namespace SmmAgent.Core.Sidecar;

/// <summary>Decides what to do about the sidecar: a pure function of what should be and what is.</summary>
public static class SidecarPlanner
{
    private static readonly string[] OwnFiles = [SidecarFiles.ClusterEnvironment, SidecarFiles.MeshFile, SidecarFiles.RootCertificate, SidecarFiles.Token];

    /// <summary>The steps that install, configure and start the sidecar. What could not be seen gets no step.</summary>
    public static Plan Plan(DesiredSidecar desired, ObservedSidecar observed)
    {
        List<PlanStep> steps = [];
        if (desired.Package is { Package: { } package } && observed.Package.Value is not null)
            steps.Add(new InstallPackage(package, desired.Package.Why));
        if (observed.Package.Value?.Version is null && steps.Count == 0)
            return Planning.Plan.Nothing; // its user and its folders come with the package

        steps.AddRange(desired.Configuration.Files.Select(file => Step(file, observed)).OfType<PlanStep>());
        if (HostsStep(desired.Configuration.Hosts, observed) is { } hosts)
            steps.Add(hosts);
        if (observed.Token.Verdict != TokenVerdict.Use)
            steps.Add(new RenewToken(observed.Token.Why));
        steps.AddRange(UnitSteps(desired, observed));
        return new(steps);
    }

    /// <summary>The steps that leave nothing of the sidecar's configuration, and nothing of what it does to the host's traffic.</summary>
    /// <remarks>The package stays unless the agent installed it: that is for who knows.</remarks>
    public static Plan Remove(ObservedSidecar observed)
    {
        const string Why = "this VM leaves the mesh";
        List<PlanStep> steps = [];
        var unit = observed.Unit.Value;
        if (unit is { Activity: UnitActivity.Running or UnitActivity.Starting })
            steps.Add(new StopSidecar(Why));
        if (unit is { IsEnabled: true })
            steps.Add(new EnableSidecar(AtBoot: false));
        if (observed.IsCaptured)
            steps.Add(new RemoveCapture(Why));

        steps.AddRange(OwnFiles.Where(path => observed.File(path)?.Content is not null).Select(path => new RemoveSidecarFile(path)));
        if (observed.File(SidecarFiles.HostsFile)?.Content is { } hosts && !HostsBlock.Has(hosts, []))
            steps.Add(new SetHosts([]));
        return new(steps);
    }

    /// <summary>Why the sidecar that runs is not the one that should; empty when it is, or when none runs.</summary>
    public static IReadOnlyList<string> RestartReasons(SidecarConfiguration configuration, string? installed, ObservedSidecar observed)
    {
        if (observed.Unit.Value is not { Activity: UnitActivity.Running, Since: { } since } unit)
            return [];

        List<string> reasons = [];
        if (unit.Version is { } running && installed is not null && installed != running && PackageFormats.Upstream(installed) != running)
            reasons.Add($"it runs {running}, and {installed} is installed");
        foreach (var file in configuration.Files.Where(file => file.Effect == ChangeEffect.Restart))
        {
            if (observed.File(file.Path) is { } found && (found.Content is not { } content || !file.IsIn(content)))
                reasons.Add($"{file.Path} changes");
            else if (observed.File(file.Path)?.Modified > since)
                reasons.Add($"{file.Path} changed since its start");
        }

        return reasons;
    }

    private static PlanStep? Step(SidecarFile file, ObservedSidecar observed) => observed.File(file.Path) switch
    {
        null => null,
        { Content: null } => new WriteSidecarFile(file, "it is missing"),
        { Content: { } content } when !file.IsIn(content) => new WriteSidecarFile(file, "it is another"),
        var found when found.Owner != file.Owner || found.Mode != file.Mode =>
            new ProtectSidecarFile(file, $"it is {found.Owner}'s with mode {Octal(found.Mode)}, not {file.Owner}'s with {Octal(file.Mode)}"),
        _ => null,
    };

    private static SetHosts? HostsStep(IReadOnlyList<string> lines, ObservedSidecar observed) =>
        lines.Count > 0 && observed.File(SidecarFiles.HostsFile) is { } hosts && !HostsBlock.Has(hosts.Content ?? "", lines) ? new(lines) : null;

    private static IEnumerable<PlanStep> UnitSteps(DesiredSidecar desired, ObservedSidecar observed)
    {
        if (observed.Unit.Value is not { } unit)
            yield break;
        if (desired.Hold is { } hold)
        {
            if (unit.Activity is UnitActivity.Running or UnitActivity.Starting)
                yield return new StopSidecar(hold);
            if (observed.IsCaptured)
                yield return new RemoveCapture(hold);
            yield break;
        }

        if (!unit.IsEnabled)
            yield return new EnableSidecar(AtBoot: true);
        if (unit.Activity is UnitActivity.Stopped or UnitActivity.Failed)
            yield return new StartSidecar();
        else if (desired.MayRestart && RestartReasons(desired.Configuration, desired.Package.Package?.Version ?? observed.Package.Value?.Version, observed) is { Count: > 0 } reasons)
            yield return new RestartSidecar(reasons);
    }

    private static string Octal(UnixFileMode mode) => Convert.ToString((int)mode, 8).PadLeft(4, '0');
}
