using System.Text.RegularExpressions;

namespace SmmAgent.Linux.Files;

/// <summary>
/// Several files that are written first and get their names afterwards: a full disk, a refusal or a crash before <see cref="Commit"/>
/// leaves all of them as they were. Only one at a time may be open: take the agent's lock.
/// </summary>
public sealed partial class FileTransaction : IDisposable
{
    private readonly string _root;
    private readonly List<StagedFile> _staged = [];

    internal FileTransaction(string root) => _root = root;

    /// <summary>
    /// Writes a file under a temporary name in its folder, which must exist, with its owner and mode from the first byte on.
    /// </summary>
    /// <param name="owner">The name of a user. A file that is theirs already keeps its group; another gets the user's.</param>
    /// <param name="modified">When it was last changed; null for now.</param>
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

    /// <summary>Gives all staged files their names, each in one step, and makes that outlast a power cut.</summary>
    /// <remarks>
    /// A file that is itself a mount, as /etc/hosts in a container, cannot be replaced: it is written in place, and a reader, or a crash in
    /// that moment, may meet a part of it.
    /// </remarks>
    /// <exception cref="IOException">A file could not be replaced; the message says which were before it.</exception>
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

    /// <summary>Removes what has not got its name.</summary>
    public void Dispose()
    {
        foreach (var file in _staged)
            file.Dispose();
        _staged.Clear();
    }

    // Of a process that was killed.
    private void RemoveLeftovers(PathHandle folder)
    {
        foreach (var name in folder.List())
        {
            if (TemporaryName().IsMatch(name.ToString()) && _staged.TrueForAll(file => file.Temporary != name.ToString()))
                _ = folder.Unlink(name); // else it costs a little room, and nothing reads it
        }
    }

    [GeneratedRegex(@"^\..+\.smm-agent-[0-9a-f]{16}\z")]
    private static partial Regex TemporaryName();
}
