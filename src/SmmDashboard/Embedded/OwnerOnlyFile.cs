namespace SmmDashboard.Embedded;

/// <summary>Writes and reads files that only the dashboard may read (0600). A file is replaced atomically.</summary>
public static class OwnerOnlyFile
{
    private const UnixFileMode FolderMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    public static void MakeFolder(string path) => Directory.CreateDirectory(path, FolderMode);

    /// <param name="path">The file.</param>
    /// <param name="content">The new content.</param>
    /// <param name="durable">Whether the content must survive a power failure.</param>
    public static void Write(string path, ReadOnlySpan<byte> content, bool durable)
    {
        var temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            var options = new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
                BufferSize = 0,
            };
            using (var stream = new FileStream(temporary, options))
            {
                stream.Write(content);
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

    /// <summary>Reads the content of the file; null when the file does not exist.</summary>
    public static byte[]? Read(string path, int limit)
    {
        try
        {
            using var stream = File.OpenRead(path);
            return stream.Length <= limit
                ? ReadAll(stream)
                : throw new InvalidDataException($"{path} is larger than {limit} bytes");
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    private static byte[] ReadAll(FileStream stream)
    {
        var content = new byte[stream.Length];
        stream.ReadExactly(content);
        return content;
    }
}
