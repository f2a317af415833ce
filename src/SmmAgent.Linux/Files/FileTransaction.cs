using System.Text.RegularExpressions;

namespace SmmAgent.Linux.Files;

/// <summary>
/// Replaces several files: all are written under temporary names first and renamed afterwards. A full disk, a permission error or a crash
/// before <see cref="Commit"/> leaves all files unchanged. Only one transaction may be open at a time: take the lock of the agent first.
/// </summary>
public sealed partial class FileTransaction : IDisposable
{
    private readonly string _root;
    private readonly List<StagedFile> _staged = [];

    internal FileTransaction(string root) => _root = root;

    /// <summary>
    /// Writes a file under a temporary name in its folder, which must exist. Owner and mode are set before any content is written.
    /// </summary>
    /// <param name="owner">The name of a user. A file that already belongs to the user keeps its group; other files get the group of the
    /// user.</param>
    /// <param name="modified">The modification time; null for the current time.</param>
    public void Stage(string path, ReadOnlySpan<byte> content, string owner, UnixFileMode mode, DateTimeOffset? modified = null)
    {
        var folder = SafePathWalk.ToFolderOf(_root, path, out var name)
            ?? throw new DirectoryNotFoundException($"{path} cannot be written: its folder is missing");
        try
        {
            RemoveLeftovers(folder);
            _staged.Add(StagedFile.Write(folder, name, content, owner, mode, modified));
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    /// <summary>Renames all staged files, each atomically, and makes the result durable across a power failure.</summary>
    /// <remarks>
    /// A file that is a mount point, for example /etc/hosts in a container, cannot be replaced. It is written in place, so a reader may see
    /// a part of the content, and so may the host after a crash at that moment.
    /// </remarks>
    /// <exception cref="IOException">A file could not be replaced; the message lists the files that were replaced before it.</exception>
    public void Commit()
    {
        var replaced = new List<string>();
        foreach (var file in _staged)
        {
            try
            {
                file.Publish();
            }
            catch (Exception exception) when (replaced.Count > 0 && FileErrors.IsExpected(exception))
            {
                throw new IOException($"{exception.Message} (already replaced: {string.Join(", ", replaced)})", exception);
            }

            replaced.Add(file.Path);
        }

        foreach (var file in _staged)
            file.Folder.Flush();
        Dispose();
    }

    /// <summary>Removes the temporary files that were not renamed.</summary>
    public void Dispose()
    {
        foreach (var file in _staged)
            file.Dispose();
        _staged.Clear();
    }

    // Removes the temporary files of a process that was killed.
    private void RemoveLeftovers(PathHandle folder)
    {
        foreach (var name in folder.List())
        {
            if (TemporaryName().IsMatch(name.ToString().AsSpan()) && _staged.TrueForAll(file => file.Temporary != name.ToString()))
                _ = folder.Unlink(name); // a file that cannot be removed uses some disk space, but no program reads it
        }
    }

    [GeneratedRegex(@"^\..+\.smm-agent-[0-9a-f]{16}\z")]
    private static partial Regex TemporaryName();
}
