using SmmAgent.Core.Packages;
using SmmAgent.Core.Planning;
using SmmAgent.Core.Sidecar.Configuration;

namespace SmmAgent.Core.Sidecar.Planning;

/// <summary>Plans the restore of a snapshot: for detach, for a rollback, and after a reconcile that failed between two states.</summary>
public static class SidecarRestore
{
    private static readonly string[] OwnFiles =
        [SidecarFiles.ClusterEnvironment, SidecarFiles.PackageClusterEnvironment, SidecarFiles.MeshFile, SidecarFiles.RootCertificate,
            SidecarFiles.Token];

    /// <summary>
    /// Without a snapshot the agent has changed nothing, or the snapshot is lost: only what bears the agent's mark is removed.
    /// </summary>
    public static Plan WithoutSnapshot(ObservedSidecar observed)
    {
        List<PlanStep> steps = [];
        if (observed.File(SidecarFiles.HostsFile)?.Content is { } hosts && !HostsBlock.Has(hosts, []))
            steps.Add(new SetHosts([]));
        // A sidecar that stays still runs with it.
        if (observed is { Unit.Value: not null, Package.Value.Exists: false } && LeftWithoutSnapshot(observed) is null)
            steps.AddRange(DropInSteps(null, observed));
        return new(steps);
    }

    /// <summary>The message for the operator about a sidecar that stays because there is no snapshot; null where there is none.</summary>
    public static string? LeftWithoutSnapshot(ObservedSidecar observed) =>
        observed.Unit.Value is { Activity: UnitActivity.Running or UnitActivity.Starting } or { IsEnabled: true } || observed.IsCaptured
            ? "the sidecar is left as it is, because there is no record of the state before the agent; to stop it: sudo systemctl "
                + "disable --now istio && "
                + SidecarFiles.CleanCommand
            : null;

    /// <summary>
    /// Why the state could not be observed; null when all of it was: the restore would leave, and forget, what was not observed.
    /// </summary>
    public static string? UnobservedReason(ObservedSidecar observed) =>
        observed.Package.UnknownReason ?? observed.Unit.UnknownReason
        ?? OwnFiles.Append(SidecarFiles.HostsFile).Select(path => observed.Files[path].UnknownReason)
        .FirstOrDefault(reason => reason is not null);

    /// <summary>
    /// Whether a step counts as done although its object still exists: others have put something into the folder or the table, or a process
    /// keeps the user.
    /// </summary>
    public static bool MayRemain(PlanStep step) => step is RemoveSidecarFolder or RemoveTables or RemoveAccount;

    /// <param name="keepPackages">
    /// Whether the package that the agent installed stays: while the host's package manager is at work, no other program can remove one.
    /// </param>
    /// <param name="reason">Why the sidecar stops.</param>
    public static Plan Plan(SidecarSnapshot before, ObservedSidecar observed, bool keepPackages, string reason)
    {
        List<PlanStep> steps = [];
        var unit = observed.Unit.Value;
        var isUp = unit is { Activity: UnitActivity.Running or UnitActivity.Starting };
        if (isUp && !before.IsRunning)
            steps.Add(new StopSidecar(reason));
        if (observed.IsCaptured && !before.IsRunning)
            steps.Add(new RemoveCapture(reason)); // at once, because nothing listens any more
        if (unit is { IsEnabled: true } && !before.IsEnabled)
            steps.Add(new EnableSidecar(AtBoot: false));

        var removes = !keepPackages && before.Version is null && observed.Package.Value is { Exists: true };
        steps.AddRange(OwnFiles.Select(path => FileStep(path, before, observed)).OfType<PlanStep>());
        steps.AddRange(Keys(before, observed));
        if (IsMovedAside(before, observed))
            steps.Add(new MoveSidecarFile(SidecarFiles.DistrustedEnvironment, SidecarFiles.PackageOperatorEnvironment, "as it was before"));
        if (observed.File(SidecarFiles.HostsFile)?.Content is { } hosts && !HostsBlock.Has(hosts, before.Hosts))
            steps.Add(new SetHosts(before.Hosts));
        if (removes)
            steps.Add(new RemovePackage(PackageChoice.SidecarPackage));
        else if (before.Version is { } version && observed.Package.Value is { Version: { } now } && now != version && !keepPackages)
            steps.Add(new RestorePackage(PackageChoice.SidecarPackage, version));
        if (!before.IsRunning && observed.Tables.Except(before.Tables).ToList() is { Count: > 0 } tables)
            steps.Add(new RemoveTables(tables));
        if (removes || (!keepPackages && before.Version is null && observed.Package.Value is { Exists: false }))
            steps.AddRange(Remains(before, observed));
        // After the last run of istio-start.sh, and before one that starts it as it was.
        if (OperatorStep(before, observed) is { } theirs)
            steps.Add(theirs);
        steps.AddRange(DropInSteps(before, observed));

        steps.AddRange(SidecarFiles.SharedFolders
            .Where(folder => before.Folders.Contains(folder) && observed.File(folder) is { Owner.Length: 0 })
            .Select(folder => new ProtectSidecarFile(folder, SidecarFiles.Root, SidecarFiles.FolderMode, "it went with the package")));

        steps.AddRange(before.FolderOwners
            .Where(folder => observed.File(folder.Key) is { Owner.Length: > 0 } now
                && (now.Owner != folder.Value.Owner || now.Mode != folder.Value.Mode))
            .Select(folder => new ProtectSidecarFile(folder.Key, folder.Value.Owner, folder.Value.Mode, "as it was before")));

        if (!isUp && before.IsRunning && unit is not null)
            steps.Add(new StartSidecar());
        else if (isUp && before.IsRunning && steps.Exists(step => step is WriteSidecarFile or RestorePackage))
            steps.Add(new RestartSidecar([reason]));
        return new(steps);
    }

    // No key of the mesh stays on a machine that leaves it. A key that existed before, and is unchanged, belongs to the operator.
    private static IEnumerable<PlanStep> Keys(SidecarSnapshot before, ObservedSidecar observed) => SidecarFiles.CertificateFiles
        .Where(path => observed.File(path) is { Owner.Length: > 0 } found && !before.HasCredential(path, found))
        .Select(path => new RemoveSidecarFile(path));

    private static IEnumerable<PlanStep> DropInSteps(SidecarSnapshot? before, ObservedSidecar observed)
    {
        var step = FileStep(SidecarFiles.DropIn, before, observed);
        if (step is not null)
            yield return step;
        if (step is not null || (observed.File(SidecarFiles.DropIn) is { Content: null }
            && observed.Unit.Value is { HasStartEnvironment: true }))
            yield return new ReloadUnits();
    }

    // Root will source the file again. A change by root is the operator's; a change by another user is undone.
    private static PlanStep? OperatorStep(SidecarSnapshot before, ObservedSidecar observed) =>
        before.Version is null || observed.File(SidecarFiles.PackageOperatorEnvironment) is not { Owner: not SidecarFiles.Root } now ? null
        : before.Files.TryGetValue(SidecarFiles.PackageOperatorEnvironment, out var was)
            ? was.Content is null
                || (now.Content == was.Content && now.Owner == was.Owner) ? null : Write(SidecarFiles.PackageOperatorEnvironment, was)
        : now.Owner.Length > 0 ? new RemoveSidecarFile(SidecarFiles.PackageOperatorEnvironment)
        : null;

    // The operator's file of before is not a file that the sidecar may have put there since.
    private static bool IsMovedAside(SidecarSnapshot before, ObservedSidecar observed) =>
        before.Version is not null
        && before.Files.TryGetValue(SidecarFiles.PackageOperatorEnvironment, out var was) && was.Owner != SidecarFiles.Root
        && observed.File(SidecarFiles.PackageOperatorEnvironment) is { Owner.Length: 0 }
        && observed.File(SidecarFiles.DistrustedEnvironment) is { Owner.Length: > 0 };

    /// <param name="before">Null where it is not known: then the file is removed.</param>
    private static PlanStep? FileStep(string path, SidecarSnapshot? before, ObservedSidecar observed)
    {
        if (observed.File(path) is not { } now)
            return null;
        if (before is null || !before.Files.TryGetValue(path, out var was))
            return now.Content is null ? null : new RemoveSidecarFile(path);
        if (path == SidecarFiles.Token || was.Content is null)
            return null;

        return now.Content != was.Content ? Write(path, was)
            : now.Owner != was.Owner
                || now.Mode != was.Mode ? new ProtectSidecarFile(path, was.Owner, was.Mode,
                    SidecarPlanner.Protection(now, was.Owner, was.Mode))
            : null;
    }

    private static WriteSidecarFile Write(string path, FoundFile was) =>
        new(new(path, was.Content!, was.Owner, was.Mode, NeedsRestart: path != SidecarFiles.RootCertificate), "as it was before");

    // The list of a package's files has none of those that its scripts and programs created.
    private static IEnumerable<PlanStep> Remains(SidecarSnapshot before, ObservedSidecar observed)
    {
        foreach (var folder in SidecarFiles.Folders.Except(before.Folders).Where(folder => observed.File(folder) is { Owner.Length: > 0 }))
            yield return new RemoveSidecarFolder(folder);
        if (!before.HasAccount && observed.HasAccount)
            yield return new RemoveAccount(SidecarFiles.SidecarUser);
    }
}
