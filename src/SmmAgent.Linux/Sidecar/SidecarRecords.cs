using SmmAgent.Core.Settings;
using SmmAgent.Core.Sidecar.Planning;
using SmmAgent.Core.Sidecar.Status;
using SmmAgent.Linux.Files;

namespace SmmAgent.Linux.Sidecar;

/// <summary>What root writes down about the sidecar: how the host was before, and what the daemon is told.</summary>
public sealed class SidecarRecords(AgentPaths paths)
{
    // Three files of 2 MiB, of which each byte may need six as JSON: one of them is the sidecar's to fill.
    private const int MaximumBytes = 64 * 1024 * 1024;

    /// <summary>How the host was before the agent first changed anything for the sidecar; null when it changed nothing.</summary>
    public SidecarSnapshot? BeforeAttach => Read(paths.BeforeAttach);

    /// <summary>Whether that was written down, whatever became of the record.</summary>
    public bool HasBeforeAttach => File.Exists(paths.BeforeAttach);

    /// <summary>How the host was before a reconcile that waits for its confirmation; null when none does.</summary>
    public SidecarSnapshot? BeforeConfirm => Read(paths.BeforeConfirm);

    /// <summary>The sidecar's versions of all records: what may have to be put back.</summary>
    public IReadOnlyList<string> Versions =>
        [.. ((SidecarSnapshot?[])[BeforeAttach, Read(paths.BeforePass), BeforeConfirm]).Select(before => before?.Version).OfType<string>()];

    /// <summary>Writes down how the host is, before anything is changed.</summary>
    /// <param name="found">How it was before what could not wait was done; that is what the first pass leaves to detach.</param>
    /// <returns>How it was before; of a pass that was killed, how it was before that.</returns>
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
    /// The host is as it was: nothing of the agent's is there to be undone any more, if it was so before the first change.
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
        // The daemon asks for what was left undone until then.
        if (Report() is { IsUnconfirmed: true } report)
            Report(report with { IsUnconfirmed = false });
    }

    /// <summary>Forgets all: nothing of the sidecar is the agent's any more.</summary>
    public void Forget()
    {
        foreach (var path in (string[])[paths.BeforeAttach, paths.BeforePass, paths.BeforeConfirm, paths.HostToken, paths.RootReport])
        {
            if (File.Exists(path))
                File.Delete(path);
        }
    }

    /// <summary>What root told last; null before it did, or where it cannot be read.</summary>
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
