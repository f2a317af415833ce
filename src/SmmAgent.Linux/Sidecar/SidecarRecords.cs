using SmmAgent.Core.Settings;
using SmmAgent.Core.Sidecar.Planning;
using SmmAgent.Core.Sidecar.Status;
using SmmAgent.Linux.Files;

namespace SmmAgent.Linux.Sidecar;

/// <summary>The files that root writes about the sidecar: the snapshots of earlier states, and the report to the daemon.</summary>
public sealed class SidecarRecords(AgentPaths paths)
{
    // Three files of 2 MiB, of which each byte may need six as JSON: the sidecar can fill one of them.
    private const int MaximumBytes = 64 * 1024 * 1024;

    /// <summary>The snapshot from before the agent first changed anything for the sidecar; null when it changed nothing.</summary>
    public SidecarSnapshot? BeforeAttach => Read(paths.BeforeAttach);

    /// <summary>Whether that snapshot was written, even if it cannot be read now.</summary>
    public bool HasBeforeAttach => File.Exists(paths.BeforeAttach);

    /// <summary>The snapshot from before a reconcile that waits for its confirmation; null when none does.</summary>
    public SidecarSnapshot? BeforeConfirm => Read(paths.BeforeConfirm);

    /// <summary>The sidecar's versions in all snapshots, which may have to be restored.</summary>
    public IReadOnlyList<string> Versions =>
        ((SidecarSnapshot?[])[BeforeAttach, Read(paths.BeforePass), BeforeConfirm])
            .Select(before => before?.Version).OfType<string>().ToArray();

    /// <summary>Writes the snapshot before anything is changed.</summary>
    /// <param name="found">The state before the urgent steps; the first reconcile records it for detach.</param>
    /// <returns>The state to restore: the present one, or the one from before a reconcile that was killed.</returns>
    public SidecarSnapshot BeginReconcile(SidecarSnapshot now, SidecarSnapshot found)
    {
        if (!HasBeforeAttach)
            Keep(paths.BeforeAttach, found);
        if (Read(paths.BeforePass) is { } killed)
            return killed;

        Keep(paths.BeforePass, now);
        return now;
    }

    public void EndReconcile() => File.Delete(paths.BeforePass);

    /// <summary>
    /// Records that a state was restored. When it is the one from before the first change, the agent has nothing left to restore.
    /// </summary>
    public void Restored(SidecarSnapshot before)
    {
        EndReconcile();
        if (BeforeAttach?.Write().AsSpan().SequenceEqual(before.Write()) == true)
            File.Delete(paths.BeforeAttach);
    }

    public void BeginConfirm(SidecarSnapshot now) => Keep(paths.BeforeConfirm, now);

    public void EndConfirm()
    {
        if (!File.Exists(paths.BeforeConfirm))
            return;

        File.Delete(paths.BeforeConfirm);
        // The daemon now requests the steps that waited for the confirmation.
        if (Report() is { IsUnconfirmed: true } report)
            Report(report with { IsUnconfirmed = false });
    }

    /// <summary>Removes all records: the agent no longer owns anything of the sidecar.</summary>
    public void Forget()
    {
        foreach (var path in (string[])[paths.BeforeAttach, paths.BeforePass, paths.BeforeConfirm, paths.HostToken, paths.RootReport])
        {
            if (File.Exists(path))
                File.Delete(path);
        }
    }

    /// <summary>The last report; null before the first, or where it cannot be read.</summary>
    public ReconcileReport? Report()
    {
        try
        {
            return AtomicFile.ReadLimited(paths.RootReport, MaximumBytes, isAgents: true) is { } json ? ReconcileReport.Read(json) : null;
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception))
        {
            return null;
        }
    }

    /// <summary>When the last report was written; the default value without one.</summary>
    public DateTime ReportedAt => File.Exists(paths.RootReport) ? File.GetLastWriteTimeUtc(paths.RootReport) : default;

    public void Report(ReconcileReport report)
    {
        const UnixFileMode Execute = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
        var folder = Path.GetDirectoryName(paths.RootReport)!;
        Directory.CreateDirectory(folder);
        File.SetUnixFileMode(folder, AtomicFile.Public | Execute);
        AtomicFile.Write(paths.RootReport, report.Write(), AtomicFile.Public, durable: false);
    }

    private void Keep(string path, SidecarSnapshot before)
    {
        Directory.CreateDirectory(paths.HostStateDirectory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        AtomicFile.Write(path, before.Write(), AtomicFile.Private);
    }

    private static SidecarSnapshot? Read(string path) =>
        AtomicFile.ReadLimited(path, MaximumBytes, isAgents: true) is { } json && SidecarSnapshot.Read(json) is { } before
            ? before with { WrittenAt = File.GetLastWriteTimeUtc(path) }
            : null;
}
