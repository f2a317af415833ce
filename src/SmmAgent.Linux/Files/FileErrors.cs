namespace SmmAgent.Linux.Files;

/// <summary>The exceptions that a file operation throws for the state of the host, and not because of a bug.</summary>
public static class FileErrors
{
    /// <summary>Whether the file could not be read or written, access was denied, or the content is not what it must be.</summary>
    public static bool IsExpected(Exception exception) =>
        exception is IOException or UnauthorizedAccessException or InvalidDataException;
}
