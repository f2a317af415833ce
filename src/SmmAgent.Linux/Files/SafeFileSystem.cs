using System.Text;
using SmmAgent.Core.Sidecar.Configuration;
using SmmAgent.Linux.Interop;

namespace SmmAgent.Linux.Files;

/// <summary>
/// Operations of root on files in folders of other users. Symbolic links, FIFOs and other unexpected entries are never followed: nothing
/// outside is read, written or removed, and no owner changes. The operation fails with one line that names the entry, its owner and the
/// fix.
/// </summary>
/// <remarks>
/// Paths are absolute, and lie below the root. A refusal is an <see cref="InvalidDataException"/> or an <see cref="IOException"/>; what
/// this process may not do is an <see cref="UnauthorizedAccessException"/>. Writers take the agent's lock first.
/// </remarks>
/// <param name="root">
/// What every path and every absolute link lies below: <c>/</c> except in tests and demonstrations. Its own path is trusted.
/// </param>
public sealed class SafeFileSystem(string root)
{
    private static readonly string[] Writable = ["/etc/", "/var/", "/run/"];

    private const UnixFileMode Folder =
        AtomicFile.Public | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <summary>What every path lies below.</summary>
    public string Root => root;

    /// <summary>Looks at a plain file of at most <paramref name="limit"/> bytes.</summary>
    /// <param name="encoding">How its bytes become text; null means one char for each (Latin-1).</param>
    /// <returns>What was found; <see cref="FoundFile.Missing"/> when there is no such file.</returns>
    public FoundFile Read(string path, int limit, Encoding? encoding = null)
    {
        using var folder = SafePathWalk.ToFolderOf(root, path, out var name);
        using var file = folder?.Child(name);
        if (file is null)
            return FoundFile.Missing;

        file.RequirePlain(folder!);
        return new((encoding ?? Encoding.Latin1).GetString(file.Read(limit)), file.Owner, file.Status.Mode, file.Status.Modified);
    }

    /// <summary>
    /// Where a path leads to: itself, or the plain file to which links lead that nobody but root, or this process's user, can change.
    /// </summary>
    /// <exception cref="InvalidDataException">It leads to something else, or out of /etc, /var and /run; the message has the command that
    /// ends that.</exception>
    public string Followed(string path)
    {
        using (var folder = SafePathWalk.ToFolderOf(root, path, out var name))
        using (var file = folder?.Child(name))
        {
            if (file?.Status.Kind != FileKind.Link)
                return path;
        }

        using var end = SafePathWalk.ToEnd(root, path)
            ?? throw new InvalidDataException($"{path} is a symbolic link that leads to no file: sudo rm {path}");
        if (end is not { Status.Kind: FileKind.Plain, IsTrusted: true })
        {
            throw new InvalidDataException(
                $"{path} is a symbolic link to {end.Path} of {end.Owner}, which others than root may change, or which is no file; make it "
                    + "a file of its own: "
                + $"sudo cp --remove-destination {end.Path} {path}");
        }

        // The sandbox of the privileged reconcile can write nowhere else.
        return Writable.Any(folder => end.Path.StartsWith(folder, StringComparison.Ordinal))
            ? end.Path
            : throw new InvalidDataException(
                $"{path} is a symbolic link to {end.Path}, outside of /etc, /var and /run; make it a file of its own: sudo cp "
                    + $"--remove-destination {end.Path} {path}");
    }

    /// <summary>Reads the owner and the mode of a file, a folder or a link itself, without its content.</summary>
    /// <returns>What was found, without a content; <see cref="FoundFile.Missing"/> when there is nothing.</returns>
    public FoundFile ReadMetadata(string path)
    {
        using var folder = SafePathWalk.ToFolderOf(root, path, out var name);
        using var file = folder?.Child(name);
        return file is null ? FoundFile.Missing : new(null, file.Owner, file.Status.Mode, file.Status.Modified);
    }

    /// <summary>Whether there is something under that name, also a link that leads nowhere.</summary>
    public bool Exists(string path) => ChangedAt(path) is not null;

    /// <summary>
    /// When this file was laid there, or last touched: its inode's time, since a package's files carry the time of their packing.
    /// </summary>
    /// <returns>The time; null when there is no such file.</returns>
    public DateTimeOffset? ChangedAt(string path)
    {
        using var folder = SafePathWalk.ToFolderOf(root, path, out var name);
        using var file = folder?.Child(name);
        return file?.Status.Changed;
    }

    /// <summary>Begins to write files, of which all or none get their names.</summary>
    public FileTransaction Begin() => new(root);

    /// <summary>Gives a plain file its owner and mode; its content stays.</summary>
    /// <param name="owner">The name of a user. A file that is theirs keeps its group; another gets the user's.</param>
    public void Protect(string path, string owner, UnixFileMode mode)
    {
        using var folder = SafePathWalk.ToFolderOf(root, path, out var name);
        using var file = folder?.Child(name) ?? throw new FileNotFoundException($"{path} is missing");
        file.RequirePlain(folder);
        var wanted = FileOwner.Named(owner, file.Status.Owner, path);
        if (wanted == file.Status.Owner && mode == file.Status.Mode)
            return;

        using var opened = file.Open(FileAccess.Read);
        wanted.GiveTo(opened, path);
        File.SetUnixFileMode(opened, mode);
    }

    /// <summary>Renames an entry of any kind within its folder, and replaces an entry that has the new name.</summary>
    public void Move(string path, string to)
    {
        RemoveTree(to);
        using var folder = SafePathWalk.ToFolderOf(root, path, out var name);
        if (folder?.Rename(name, Path.GetFileName(to)) is { } error and not (0 or Errno.ENOENT))
            throw FileFailure.From($"{path} cannot be moved", error);
        folder?.Flush();
    }

    /// <summary>Restores the modification time of a regular file.</summary>
    public void SetModified(string path, DateTimeOffset modified)
    {
        using var folder = SafePathWalk.ToFolderOf(root, path, out var name);
        using var file = folder?.Child(name) ?? throw new FileNotFoundException($"{path} is missing");
        file.RequirePlain(folder);
        using var opened = file.Open(FileAccess.Read);
        File.SetLastWriteTimeUtc(opened, modified.UtcDateTime);
    }

    /// <summary>Removes a file, or a link in its place; none is fine.</summary>
    public void Remove(string path)
    {
        using var folder = SafePathWalk.ToFolderOf(root, path, out var name);
        switch (folder?.Unlink(name) ?? Errno.ENOENT)
        {
            case 0:
                folder!.Flush();
                break;
            case Errno.ENOENT:
                break;
            case var error:
                throw FileFailure.From($"{path} cannot be removed", error);
        }
    }

    /// <summary>Makes a folder; those above it that are missing become root's, and readable by all.</summary>
    /// <param name="corrects">Whether one that is there already gets this owner and mode.</param>
    public void MakeFolder(string path, string owner, UnixFileMode mode, bool corrects = false)
    {
        var isMade = false;
        using var folder = SafePathWalk.To(root, path, (parent, name, isLast) =>
        {
            isMade = isLast;
            return isLast ? parent.MakeFolder(name, FileOwner.Named(owner, null, path), mode) : parent.MakeFolder(name, null, Folder);
        });
        if (isMade || !corrects)
            return;

        var wanted = FileOwner.Named(owner, folder.Status.Owner, path);
        if (wanted != folder.Status.Owner || mode != folder.Status.Mode)
            folder.GiveFolderTo(wanted, mode);
    }

    /// <summary>Removes a folder that has nothing in it; one that has, or a link in its place, stays.</summary>
    public void RemoveFolderIfEmpty(string path)
    {
        using var folder = SafePathWalk.ToFolderOf(root, path, out var name);
        var error = folder?.RemoveFolder(name) ?? Errno.ENOENT;
        if (error is not (0 or Errno.ENOENT or Errno.ENOTDIR or Errno.ENOTEMPTY or Errno.EEXIST))
            throw FileFailure.From($"{path} cannot be removed", error);
    }

    /// <summary>Removes a folder and all that is in it; none is fine. Links are removed, not followed.</summary>
    /// <exception cref="IOException">Something is mounted in it, or it is too deep; what was met before is gone.</exception>
    public void RemoveTree(string path)
    {
        using var folder = SafePathWalk.ToFolderOf(root, path, out var name);
        if (folder is not null)
            new TreeRemoval(folder.Mount).Remove(folder, name);
    }
}
