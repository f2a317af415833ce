using System.Text;
using SmmAgent.Contract;
using SmmAgent.Core.Planning;
using SmmAgent.Core.Sidecar.Configuration;
using SmmAgent.Core.Sidecar.Planning;
using SmmAgent.Core.Sidecar.Status;
using SmmAgent.Linux.Commands;
using SmmAgent.Linux.Files;
using SmmAgent.Linux.Host;
using SmmAgent.Linux.Systemd;

namespace SmmAgent.Linux.Sidecar;

/// <summary>Executes the steps of a plan, as root. Each step is safe to repeat.</summary>
public sealed class SidecarStepExecutor(
    SafeFileSystem files, IUnits? units, SidecarTokens tokens, PackageDelivery packages, SidecarCapture capture, CommandRunner commands)
{
    // systemd's own limit for istio.service is 30 s.
    private static readonly TimeSpan UnitTimeout = TimeSpan.FromSeconds(40);

    // userdel's exit code while a process of the user runs.
    private const int UserBusy = 8;

    private const int AccountTries = 4;
    private static readonly TimeSpan AccountRetryDelay = TimeSpan.FromSeconds(1);

    private string _doing = "";

    /// <summary>The current activity, in one line for a person who watches.</summary>
    public string Doing => packages.Doing.Length > 0 ? packages.Doing : _doing;

    /// <summary>Writes files, all of them or none.</summary>
    /// <param name="steps">Steps of the types <see cref="WriteSidecarFile"/> and <see cref="SetHosts"/>.</param>
    /// <returns>The failure, after which no file is written; null when all were.</returns>
    public StepFailure? Write(IReadOnlyList<PlanStep> steps)
    {
        try
        {
            using var transaction = files.Begin();
            foreach (var step in steps)
            {
                if (step is WriteSidecarFile { File: var file, Modified: var modified })
                {
                    files.MakeFolder(Path.GetDirectoryName(file.Path)!, SidecarFiles.Root, SidecarFiles.FolderMode);
                    transaction.Stage(file.Path, Encoding.UTF8.GetBytes(file.Content), file.Owner, file.Mode, modified);
                }
                else if (step is SetHosts { Lines: var lines })
                {
                    // On some systems this is a link to another place; the link stays.
                    var path = files.Followed(SidecarFiles.HostsFile);
                    var hosts = files.Read(path, SidecarObserver.MaximumHostsBytes);
                    var isMissing = hosts.Content is null;
                    transaction.Stage(
                        path,
                        HostsBlock.Set(Encoding.Latin1.GetBytes(hosts.Content ?? ""), lines),
                        isMissing ? SidecarFiles.Root : hosts.Owner,
                        isMissing ? AtomicFile.Public : hosts.Mode);
                }
            }

            transaction.Commit();
            return null;
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception))
        {
            return new(ReconcilePart.Files, "", StepFailureReason.NotWritten, FileErrors.Describe(exception));
        }
    }

    /// <summary>
    /// Restores the modification time of files that the scripts of a package only touched: a newer time is a reason to restart the sidecar.
    /// </summary>
    /// <returns>Whether a time was restored.</returns>
    public bool KeepModificationTimes(SidecarSnapshot before, ObservedSidecar now)
    {
        var isAny = false;
        try
        {
            foreach (var (path, was) in before.Files.Where(file => file.Key is SidecarFiles.MeshFile))
            {
                if (now.File(path) is not { } found || found.Content != was.Content || found.Modified <= was.Modified)
                    continue;
                files.SetModified(path, was.Modified);
                isAny = true;
            }
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception))
        {
            // The cost is one restart that was not needed.
        }

        return isAny;
    }

    /// <summary>Executes one step that does not write a file.</summary>
    /// <returns>The failure; null when the step succeeded.</returns>
    public async Task<StepFailure?> ApplyAsync(PlanStep step, WorkloadGroup? group, CancellationToken cancel)
    {
        _doing = $"{step}";
        try
        {
            return step switch
            {
                InstallPackage install => await packages.InstallAsync(install.Package, ReconcilePart.Package, mayDowngrade: true, cancel),
                RemovePackage remove => await packages.RemoveAsync(remove.Name, cancel),
                RestorePackage back => await packages.RestoreAsync(back.Name, back.Version, cancel),
                RenewToken => await tokens.RenewAsync(group!, cancel),
                StartSidecar => await RunAsync(UnitJob.Start, cancel),
                RestartSidecar => await RunAsync(UnitJob.Restart, cancel),
                StopSidecar => await RunAsync(UnitJob.Stop, cancel),
                RemoveCapture => await capture.RemoveAsync(cancel) is { } reason ? Unit(reason) : null,
                RemoveOtherCapture remove => await RemoveOtherCaptureAsync(remove.Backends, cancel),
                RemoveAccount account => await RemoveAccountAsync(account.Name, cancel),
                EnableSidecar enable => Do(() => Enable(enable.AtBoot)),
                ProtectSidecarFile protect => Do(() => Protect(protect)),
                MoveSidecarFile move => Do(() => files.Move(move.Path, move.To)),
                ReloadUnits => Do(() => Units.Reload()),
                RemoveSidecarFile remove => Do(() => RemoveFile(remove.Path)),
                RemoveSidecarFolder remove => Do(() => RemoveFolder(remove.Path)),
                RemoveTables remove => Do(() => remove.Tables.ToList().ForEach(SidecarCapture.RemoveTable)),
                _ => throw new ArgumentException($"unsupported step: {step}", nameof(step)),
            };
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception))
        {
            return new(step is StartSidecar or RestartSidecar or StopSidecar or EnableSidecar ? ReconcilePart.Unit : ReconcilePart.Files,
                "", StepFailureReason.Failed, FileErrors.Describe(exception));
        }
    }

    private async Task<StepFailure?> RunAsync(UnitJob job, CancellationToken cancel)
    {
        if (units is null)
            return Unit("this host has no systemd");
        if (units.IsStopping && job != UnitJob.Stop)
            return Unit("this host is being shut down");

        var outcome = await units.RunAsync(job, SidecarObserver.Unit, UnitTimeout, cancel);
        return outcome.IsDone ? null : Unit($"{outcome}");
    }

    private async Task<StepFailure?> RemoveOtherCaptureAsync(IReadOnlyList<string> backends, CancellationToken cancel)
    {
        foreach (var backend in backends)
        {
            if (await capture.RemoveAsync(backend, cancel) is { } reason)
                return Unit(reason);
        }

        return null;
    }

    private void Enable(bool atBoot)
    {
        if (atBoot)
            Units.Enable([SidecarObserver.Unit]);
        else
            Units.Disable([SidecarObserver.Unit]);
    }

    private IUnits Units => units ?? throw new IOException("this host has no systemd");

    private void Protect(ProtectSidecarFile protect)
    {
        if (protect.Path is SidecarFiles.EnvironmentFolder or SidecarFiles.PackageFolder || SidecarFiles.Folders.Contains(protect.Path)
            || SidecarFiles.SharedFolders.Contains(protect.Path))
            files.MakeFolder(protect.Path, protect.User, protect.Mode, corrects: true);
        else
            files.Protect(protect.Path, protect.User, protect.Mode);
    }

    private void RemoveFile(string path)
    {
        files.RemoveTree(path);
        if (Path.GetDirectoryName(path) is { } folder && SidecarFiles.OwnFolders.Contains(folder))
            files.RemoveFolderIfEmpty(folder);
    }

    private void RemoveFolder(string path)
    {
        if (!SidecarFiles.OwnInFolder.TryGetValue(path, out var own))
        {
            files.RemoveTree(path);
            return;
        }

        foreach (var name in own)
            files.RemoveTree($"{path}/{name}");
        files.RemoveFolderIfEmpty(path);
    }

    private async Task<StepFailure?> RemoveAccountAsync(string name, CancellationToken cancel)
    {
        var user = await commands.RunAsync(["userdel", name], cancel);
        for (var attempt = 1; user.ExitCode == UserBusy && attempt < AccountTries; attempt++)
        {
            if (UserNames.Owner(name) is { } owner)
                await UserProcesses.EndAsync(owner.User, TimeProvider.System, cancel);
            await Task.Delay(AccountRetryDelay, TimeProvider.System, cancel);
            user = await commands.RunAsync(["userdel", name], cancel);
        }

        // userdel leaves the group of the user on some systems.
        await commands.RunAsync(["groupdel", name], cancel);
        return user.Succeeded
            ? null
            : new(ReconcilePart.Files, name, StepFailureReason.UserLeft,
                $"{user.Describe()}; the user remains, and everything else is done: sudo userdel {name}");
    }

    private static StepFailure? Do(Action step)
    {
        step();
        return null;
    }

    private static StepFailure Unit(string reason) => new(ReconcilePart.Unit, "", StepFailureReason.Failed, reason);
}
