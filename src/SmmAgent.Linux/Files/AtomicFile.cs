using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using SmmAgent.Linux.Interop;

namespace SmmAgent.Linux.Files;

/// <summary>
/// Writes files so that a reader sees the old content or the new content, never a part of it, also after a crash or on a full disk.
/// </summary>
public static class AtomicFile
{
    /// <summary>Only the owner may read and write.</summary>
    public const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Everyone may read.</summary>
    public const UnixFileMode Public = Private | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    public static void Write(string path, string text, UnixFileMode mode, bool durable = true) =>
        Write(path, Encoding.UTF8.GetBytes(text), mode, durable);

    /// <summary>Replaces the file. The folder must exist.</summary>
    /// <param name="durable">Whether the content must survive a power cut; false for files on a tmpfs.</param>
    /// <param name="owner">The owner of the new file; null for the user of this process.</param>
    public static void Write(string path, ReadOnlySpan<byte> content, UnixFileMode mode, bool durable = true, FileOwner? owner = null)
    {
        var temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            var options = new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                UnixCreateMode = Private,
                BufferSize = 0,
            };
            using (var stream = new FileStream(temporary, options))
            {
                stream.Write(content);
                owner?.GiveTo(stream.SafeFileHandle, path);
                // Set on the open file, before it gets its name, because the umask limits the mode at creation.
                File.SetUnixFileMode(stream.SafeFileHandle, mode);
                stream.Flush(flushToDisk: durable);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    /// <summary>Removes the temporary files of a process that was killed. Only for a folder that no other program writes to.</summary>
    public static void RemoveLeftovers(string folder)
    {
        try
        {
            foreach (var path in Directory.EnumerateFiles(folder, "*.tmp"))
                File.Delete(path);
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception))
        {
            // Left-over files use some disk space, but no program reads them.
        }
    }

    /// <summary>Reads a plain file of at most <paramref name="limit"/> bytes.</summary>
    /// <param name="isAgents">Whether the agent writes this file. The agent never creates a link there, so a link is refused: root could
    /// otherwise read a file for the daemon that the daemon may not read.</param>
    /// <returns>The content; null when there is no such file.</returns>
    /// <exception cref="InvalidDataException">The file is larger than the limit, or not a regular file.</exception>
    public static byte[]? ReadLimited(string path, int limit, bool isAgents = false)
    {
        using var stream = OpenPlain(path, isAgents ? "which smm-agent never creates" : null);
        if (stream is null)
            return null;

        return ReadAll(stream.SafeFileHandle, limit) ?? throw new InvalidDataException($"{path} is larger than {limit} bytes");
    }

    /// <summary>
    /// Reads a regular file from its beginning. The buffer has the size of the file and not of the limit, because limits are wide and
    /// most files are small.
    /// </summary>
    /// <returns>The content; null when it is larger than the limit.</returns>
    internal static byte[]? ReadAll(SafeFileHandle file, int limit)
    {
        const int More = 4096;
        var content = new byte[Math.Min(RandomAccess.GetLength(file), limit) + 1];
        var length = 0;
        while (RandomAccess.Read(file, content.AsSpan(length), length) is var read and > 0)
        {
            length += read;
            if (length > limit)
                return null;
            // The file grew meanwhile, or it is in /proc or /sys, where files have no length.
            if (length == content.Length)
                Array.Resize(ref content, (int)Math.Min((length * 2L) + More, limit + 1L));
        }

        return content[..length];
    }

    /// <summary>Opens a regular file for reading, without waiting for another process.</summary>
    /// <param name="whyNoLink">The message about a link, which is then refused; null when links are followed.</param>
    /// <returns>Null when there is no such file.</returns>
    /// <exception cref="InvalidDataException">The path is not a regular file.</exception>
    internal static FileStream? OpenPlain(string path, string? whyNoLink)
    {
        // FileStream would wait for ever for the writer of a FIFO, and would fail while any user who may read the file has an flock on it.
        var file = Libc.Open(path, Libc.NonBlocking | Libc.CloseOnExec | (whyNoLink is null ? 0 : Libc.NoFollow));
        if (file.IsInvalid)
        {
            var error = Marshal.GetLastPInvokeError();
            file.Dispose();
            return error switch
            {
                Errno.ENOENT or Errno.ENOTDIR => null,
                Errno.EPERM or Errno.EACCES => throw new UnauthorizedAccessException($"'{path}{FileErrors.PermissionDenied}"),
                Errno.ELOOP when whyNoLink is not null => throw new InvalidDataException($"{path} is a link, {whyNoLink}"),
                _ => throw new IOException($"{path}: {Marshal.GetPInvokeErrorMessage(error)}"),
            };
        }

        try
        {
            if (Directory.Exists(path))
                throw new IOException($"{path} is a directory"); // .NET would report a missing permission
            var stream = new FileStream(file, FileAccess.Read, bufferSize: 0);
            return stream.CanSeek ? stream : throw new InvalidDataException($"{path} is not a plain file");
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }
}
