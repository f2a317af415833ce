using System.Text;
using SmmAgent.Core.Sidecar.Configuration;
using SmmAgent.Linux.Interop;

namespace SmmAgent.Linux.Files;

/// <summary>
/// Operations of root on files in folders of other users. Symbolic links, FIFOs and other unexpected entries are never followed: nothing
/// outside is read, written or removed, and no owner outside changes. The operation fails with one line that names the entry, its owner
/// and the fix.
/// </summary>
/// <remarks>
/// Paths are absolute and are resolved below the root. A refused entry causes an <see cref="InvalidDataException"/> or an
/// <see cref="IOException"/>, a missing permission an <see cref="UnauthorizedAccessException"/>. Writers take the lock of the agent first.
/// </remarks>
/// <param name="root">
/// The folder below which all paths and all absolute links are resolved: <c>/</c> except in tests and demonstrations. Its own path is
/// trusted.
/// </param>
public sealed class SafeFileSystem(string root)
{
    private static readonly string[] Writable = ["/etc/", "/var/", "/run/"];

    private const UnixFileMode Folder =
        AtomicFile.Public | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <summary>The folder below which all paths are resolved.</summary>
    public string Root => root;

    /// <summary>Reads a regular file of at most <paramref name="limit"/> bytes.</summary>
    /// <param name="encoding">The encoding of the file; null means one character for each byte (Latin-1).</param>
    /// <returns>The content and the metadata; <see cref="FoundFile.Missing"/> when there is no such file.</returns>
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
    /// Resolves a path: the path itself, or the regular file that its links lead to, if only root and the user of this process can change
    /// the links.
    /// </summary>
    /// <exception cref="InvalidDataException">The links lead to another kind of file, or out of /etc, /var and /run; the message includes
    /// the command that fixes this.</exception>
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

        // The sandbox of the privileged reconcile allows writes only there.
        return Writable.Any(folder => end.Path.StartsWith(folder, StringComparison.Ordinal))
            ? end.Path
            : throw new InvalidDataException(
                $"{path} is a symbolic link to {end.Path}, outside of /etc, /var and /run; make it a file of its own: sudo cp "
                    + $"--remove-destination {end.Path} {path}");
    }

    /// <summary>Reads the owner, the mode and the time of a file, a folder or a link, without the content. It follows no link.</summary>
    /// <returns>The metadata; <see cref="FoundFile.Missing"/> when there is no such entry.</returns>
    public FoundFile ReadMetadata(string path)
    {
        using var folder = SafePathWalk.ToFolderOf(root, path, out var name);
        using var file = folder?.Child(name);
        return file is null ? FoundFile.Missing : new(null, file.Owner, file.Status.Mode, file.Status.Modified);
    }

    /// <summary>Whether an entry of any kind exists, for example a link without a target.</summary>
    public bool Exists(string path) => ChangedAt(path) is not null;

    /// <summary>
    /// When this file was created or last changed. This is the time of the inode, because the modification time of a file from a package is
    /// the time when the package was built.
    /// </summary>
    /// <returns>The time; null when there is no such file.</returns>
    public DateTimeOffset? ChangedAt(string path)
    {
        using var folder = SafePathWalk.ToFolderOf(root, path, out var name);
        using var file = folder?.Child(name);
        return file?.Status.Changed;
    }

    /// <summary>Starts a transaction that replaces several files.</summary>
    public FileTransaction Begin() => new(root);

    /// <summary>Sets the owner and the mode of a regular file and keeps its content.</summary>
    /// <param name="owner">The name of a user. A file that already belongs to the user keeps its group; other files get the group of the
    /// user.</param>
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

    /// <summary>Removes a file, or a link with its name. A missing file is not an error.</summary>
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

    /// <summary>Creates a folder. Missing parent folders belong to root and are readable by all users.</summary>
    /// <param name="corrects">Whether an existing folder gets this owner and mode.</param>
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

    /// <summary>Removes an empty folder. A folder with content and a link with its name remain.</summary>
    public void RemoveFolderIfEmpty(string path)
    {
        using var folder = SafePathWalk.ToFolderOf(root, path, out var name);
        var error = folder?.RemoveFolder(name) ?? Errno.ENOENT;
        if (error is not (0 or Errno.ENOENT or Errno.ENOTDIR or Errno.ENOTEMPTY or Errno.EEXIST))
            throw FileFailure.From($"{path} cannot be removed", error);
    }

    /// <summary>Removes a folder and its content. A missing folder is not an error. Links are removed and not followed.</summary>
    /// <exception cref="IOException">The folder contains a mount point, or is nested too deeply; some entries may be removed already.
    /// </exception>
    public void RemoveTree(string path)
    {
        using var folder = SafePathWalk.ToFolderOf(root, path, out var name);
        if (folder is not null)
            new TreeRemoval(folder.Mount).Remove(folder, name);
    }
}
