using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using SmmAgent.Linux.Interop;

namespace SmmAgent.Linux.Files;

/// <summary>A file that is whole, and waits under a temporary name for its own.</summary>
internal sealed class StagedFile : IDisposable
{
    private readonly string _name;
    private readonly byte[] _content;
    private readonly FileOwner _owner;
    private readonly UnixFileMode _mode;
    private bool _isPublished;

    private StagedFile(PathHandle folder, string name, byte[] content, FileOwner owner, UnixFileMode mode)
    {
        (Folder, _name, _content, _owner, _mode) = (folder, name, content, owner, mode);
        Temporary = $".{name}.smm-agent-{RandomNumberGenerator.GetHexString(16, lowercase: true)}";
    }

    public PathHandle Folder { get; }

    public string Temporary { get; }

    public string Path => Folder.PathOf(_name);

    /// <summary>Writes the temporary file; the folder is the result's from then on.</summary>
    public static StagedFile Write(
        PathHandle folder, string name, ReadOnlySpan<byte> content, string owner, UnixFileMode mode, DateTimeOffset? modified)
    {
        using var old = folder.Child(name);
        old?.RequirePlain(folder);
        var path = folder.PathOf(name);
        var staged = new StagedFile(folder, name, content.ToArray(), FileOwner.Named(owner, old?.Status.Owner, path), mode);
        using var file = folder.Create(staged.Temporary);
        try
        {
            staged.GiveOwnerAndMode(file);
            if (old is not null)
                SecurityLabel.Copy(old, file);
            RandomAccess.Write(file, content, 0);
            if (modified is { } time)
                File.SetLastWriteTimeUtc(file, time.UtcDateTime);
            RandomAccess.FlushToDisk(file);
            return staged;
        }
        catch (Exception exception)
        {
            _ = folder.Unlink(staged.Temporary);
            if (exception is IOException)
                throw FileFailure.From($"{path} cannot be written", exception.HResult);
            throw;
        }
    }

    /// <summary>Gives the file its name.</summary>
    public void Publish()
    {
        var error = Folder.Rename(Temporary, _name);
        if (error is Errno.EBUSY or Errno.EXDEV)
            WriteInPlace();
        else if (error != 0)
            throw FileFailure.From($"{Path} cannot be replaced", error);
        else
            _isPublished = true;
    }

    public void Dispose()
    {
        if (!_isPublished)
            _ = Folder.Unlink(Temporary);
        Folder.Dispose();
    }

    private void WriteInPlace()
    {
        using var old = Folder.Child(_name) ?? throw new IOException($"{Path} went away while it was written; try again");
        old.RequirePlain(Folder);
        using var file = old.Open(FileAccess.ReadWrite);
        var length = RandomAccess.GetLength(file);
        var inside = (int)Math.Min(length, _content.Length);
        try
        {
            // What needs room comes first: there may be none.
            RandomAccess.Write(file, _content.AsSpan(inside), inside);
        }
        catch (IOException exception)
        {
            RandomAccess.SetLength(file, length);
            throw FileFailure.From($"{Path} cannot be written", exception.HResult);
        }

        RandomAccess.Write(file, _content.AsSpan(..inside), 0);
        RandomAccess.SetLength(file, _content.Length);
        GiveOwnerAndMode(file);
        RandomAccess.FlushToDisk(file);
    }

    // The umask has no say; and a change of the owner takes set-user-ID away.
    private void GiveOwnerAndMode(SafeFileHandle file)
    {
        _owner.GiveTo(file, Path);
        File.SetUnixFileMode(file, _mode);
    }
}
