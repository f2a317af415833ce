using System.Text.RegularExpressions;
using SmmAgent.Contract;
using SmmAgent.Core.Planning;
using SmmAgent.Core.Sidecar.Configuration;

namespace SmmAgent.Core.Sidecar.Planning;

/// <summary>Plans that root sources no file that the sidecar's user can write: docs/decisions/0019-start-environment.md.</summary>
internal static partial class StartEnvironment
{
    private const UnixFileMode OthersWrite = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    /// <summary>The steps that put the agent's drop-in of istio.service in place, with the files to which it leads.</summary>
    /// <remarks>Unobserved files get no step.</remarks>
    public static IReadOnlyList<PlanStep> Steps(DesiredSidecar desired, ObservedSidecar observed)
    {
        List<PlanStep> steps = [];
        if (SidecarPlanner.Protect(SidecarFiles.EnvironmentFolder, SidecarFiles.Root, SidecarFiles.FolderMode, observed) is { } folder)
            steps.Add(folder);
        if (observed.File(SidecarFiles.OperatorEnvironment) is { Owner.Length: > 0 } own && !IsRootOnly(own))
            steps.Add(OfRootOnly(own, observed));

        var dropIn = SidecarPlanner.Step(SidecarFiles.DropInFile, observed);
        if (!HasDropIn(observed) && dropIn is not null && !TakeOver(desired, observed, steps))
            return steps;
        if (dropIn is not null)
            steps.Add(dropIn);
        if (observed.Package.Value?.Version is not null && observed.Unit.Value is { IsMasked: false } unit
            && (dropIn is WriteSidecarFile || !unit.HasStartEnvironment))
            steps.Add(new ReloadUnits());
        return steps;
    }

    // A new file: the old one's user may have it open, or have a hard link to it.
    private static PlanStep OfRootOnly(FoundFile own, ObservedSidecar observed)
    {
        var mode = own.Mode & ~OthersWrite;
        return own.Content is { } text
            ? new WriteSidecarFile(OfRoot(SidecarFiles.OperatorEnvironment, text) with { Mode = mode },
                SidecarPlanner.Protection(own, SidecarFiles.Root, mode))
            { Modified = own.Modified }
            : SidecarPlanner.Protect(SidecarFiles.OperatorEnvironment, SidecarFiles.Root, mode, observed)!;
    }

    /// <summary>The cluster.env that the sidecar's next start sources; null when it could not be observed.</summary>
    public static FoundFile? ClusterEnvironment(ObservedSidecar observed) =>
        HasDropIn(observed) || observed.File(SidecarFiles.ClusterEnvironment) is not { Content: null }
        ? observed.File(SidecarFiles.ClusterEnvironment)
        : observed.File(SidecarFiles.PackageClusterEnvironment);

    /// <summary>Settings of the operator that have no effect, and what to do; null when there are none.</summary>
    public static string? IneffectiveSettings(ObservedSidecar observed) =>
        observed.File(SidecarFiles.PackageOperatorEnvironment) is { Content: { } text } && HasSettings(text)
            && observed.File(SidecarFiles.OperatorEnvironment) is { Owner.Length: 0 } && (HasDropIn(observed) || !MayTakeOver(observed))
            ? $"{SidecarFiles.PackageOperatorEnvironment} has settings that the sidecar does not use, because its user can change that "
                + "file; review them, then run: "
                + $"sudo install -D -m 0644 {SidecarFiles.PackageOperatorEnvironment} {SidecarFiles.OperatorEnvironment} && sudo "
                + "systemctl restart istio"
            : null;

    /// <summary>
    /// The operator's assignments with which the sidecar captures no traffic. Only plain assignments count: what else a shell would do with
    /// the file is not known.
    /// </summary>
    public static IReadOnlyList<string> CaptureOff(ObservedSidecar observed)
    {
        if (!HasDropIn(observed) || observed.File(SidecarFiles.OperatorEnvironment)?.Content is not { } text)
            return [];

        // cluster.env is sourced after it.
        var after = ClusterEnvironment(observed)?.Content ?? "";
        var variables = new Dictionary<string, string>();
        foreach (Match match in Assignment().Matches(text))
            variables[match.Groups["name"].Value] = match.Groups["value"].Value;
        foreach (Match match in Assignment().Matches(after))
            variables.Remove(match.Groups["name"].Value);
        return CaptureVariables.SwitchingOff(variables);
    }

    private static bool HasDropIn(ObservedSidecar observed) =>
        observed.File(SidecarFiles.DropIn)?.Content == SidecarFiles.DropInFile.Content;

    /// <summary>Takes over, once, what root has sourced so far.</summary>
    /// <returns>Whether the drop-in may be written: not where the sidecar would lose the only cluster.env that it has.</returns>
    private static bool TakeOver(DesiredSidecar desired, ObservedSidecar observed, List<PlanStep> steps)
    {
        if (observed.File(SidecarFiles.ClusterEnvironment) is { Content: null }
            && observed.File(SidecarFiles.PackageClusterEnvironment) is { Content: { } text } old)
        {
            var made = desired.Configuration?.Files.Single(file => file.Path == SidecarFiles.ClusterEnvironment);
            if (made is null && !IsRootOnly(old))
                return false;

            // The same content is no reason to restart the sidecar.
            steps.Add(new WriteSidecarFile(made
                ?? OfRoot(SidecarFiles.ClusterEnvironment, text), $"in the place of {SidecarFiles.PackageClusterEnvironment}")
            {
                Modified = made is null || made.Matches(text) ? old.Modified : null,
            });
        }

        if (MayTakeOver(observed))
        {
            var found = observed.File(SidecarFiles.PackageOperatorEnvironment)!;
            steps.Add(new WriteSidecarFile(
                OfRoot(SidecarFiles.OperatorEnvironment, found.Content!),
                    $"the settings of {SidecarFiles.PackageOperatorEnvironment}, which is no longer read")
            {
                Modified = found.Modified,
            });
        }

        return true;
    }

    // A file that others can write may come from the sidecar's user, and root must not execute it.
    private static bool MayTakeOver(ObservedSidecar observed) =>
        observed.File(SidecarFiles.OperatorEnvironment) is { Owner.Length: 0 }
        && observed.File(SidecarFiles.PackageOperatorEnvironment) is { Content: { } text } found && IsRootOnly(found) && HasSettings(text);

    /// <summary>Whether only root can write to the file.</summary>
    public static bool IsRootOnly(FoundFile found) => found.Owner == SidecarFiles.Root && (found.Mode & OthersWrite) == 0;

    private static bool HasSettings(string text) => text.Split('\n').Any(line => line.Trim() is { Length: > 0 } and not ['#', ..]);

    private static SidecarFile OfRoot(string path, string content) =>
        new(path, content, SidecarFiles.Root, SidecarFiles.DropInFile.Mode, NeedsRestart: true);

    [GeneratedRegex(
        """^[ \t]*(?:export[ \t]+)?(?<name>[A-Za-z_][A-Za-z0-9_]*)="""
        + """(?:'(?<value>[^'\n]*)'|"(?<value>[^"$`\\\n]*)"|(?<value>[^\s'"$`\\;&|()<>]*))[ \t]*(?:[;#].*)?\r?$""",
        RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex Assignment();
}
