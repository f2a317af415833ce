namespace SmmAgent.Linux.Files;

/// <summary>A file that the operator named in a command. It may be a pipe: <c>&lt;(command)</c>.</summary>
public static class UserFile
{
    /// <summary>Opens the file for reading.</summary>
    /// <exception cref="IOException">There is no such file, or it is a directory. The message begins with the path.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not read it. The message begins with the path.</exception>
    public static FileStream Open(string path)
    {
        if (path.Length == 0)
            throw new IOException("'' is not the name of a file");
        if (Directory.Exists(path))
            throw new IOException($"{path} is a directory"); // .NET would report a missing permission
        try
        {
            return File.OpenRead(path);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new IOException($"{path} does not exist");
        }
        catch (UnauthorizedAccessException exception)
        {
            throw new UnauthorizedAccessException($"{path}: {FileErrors.Reason(exception)}");
        }
    }

    /// <summary>Reads the whole file.</summary>
    /// <exception cref="InvalidDataException">It is larger than <paramref name="limit"/> bytes.</exception>
    public static byte[] Read(string path, int limit)
    {
        using var stream = Open(path);
        return ReadToEnd(stream, path, limit);
    }

    /// <param name="name">The name of the source in the message.</param>
    /// <exception cref="InvalidDataException">The stream has more than <paramref name="limit"/> bytes.</exception>
    public static byte[] ReadToEnd(Stream stream, string name, int limit)
    {
        var buffer = new byte[limit + 1];
        var length = stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
        return length <= limit ? buffer[..length] : throw new InvalidDataException($"{name} is larger than {limit} bytes");
    }

    /// <summary>Why the file cannot be read, with its path; null if it can.</summary>
    public static string? Fault(string path)
    {
        try
        {
            Open(path).Dispose();
            return null;
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception))
        {
            return FileErrors.Reason(exception);
        }
    }
}
