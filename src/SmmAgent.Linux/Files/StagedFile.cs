using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using SmmAgent.Linux.Interop;

namespace SmmAgent.Linux.Files;

/// <summary>A complete file under a temporary name, which is renamed later.</summary>
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

    /// <summary>Writes the temporary file. The result owns the folder and disposes it.</summary>
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

    /// <summary>Renames the temporary file to its final name.</summary>
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
            // The part that needs more disk space is written first, because the disk may be full.
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

    // The mode is set explicitly, because the umask limits the mode at creation, and after the owner, because chown clears set-user-ID.
    private void GiveOwnerAndMode(SafeFileHandle file)
    {
        _owner.GiveTo(file, Path);
        File.SetUnixFileMode(file, _mode);
    }
}
