using System.Text.RegularExpressions;
using SmmAgent.Contract;
using SmmAgent.Linux.Interop;

namespace SmmAgent.Linux.Files;

/// <summary>The exceptions that a file operation throws for the state of the host, and not because of a bug.</summary>
public static partial class FileErrors
{
    /// <summary>The end of the agent's own message, which has the path before it.</summary>
    internal const string PermissionDenied = "': permission denied";

    /// <summary>Whether the file could not be read or written, access was denied, or the content is not what it must be.</summary>
    public static bool IsExpected(Exception exception) =>
        exception is IOException or UnauthorizedAccessException or InvalidDataException;

    /// <summary>The reason in the words of errno(3), without the path: <c>permission denied for user smm-agent</c>.</summary>
    public static string Reason(Exception exception) => exception switch
    {
        UnauthorizedAccessException { InnerException.HResult: Errno.EROFS } => "read-only file system",
        // Other messages are the agent's own, and have a fix.
        UnauthorizedAccessException { Message: var message } when message.StartsWith("Access to the path", StringComparison.Ordinal)
            || message.EndsWith(PermissionDenied, StringComparison.Ordinal) => $"permission denied for user {Environment.UserName}",
        FileNotFoundException or DirectoryNotFoundException
            when exception.Message.StartsWith("Could not find", StringComparison.Ordinal) => "no such file or directory",
        _ when DotNet().Match(exception.Message) is { Success: true } match => OneLine.LowerFirst(match.Groups["reason"].Value),
        _ => exception.Message.TrimEnd('.'),
    };

    /// <summary>The reason without <paramref name="path"/>, which the caller prints before it: <c>is a directory</c>.</summary>
    public static string Reason(Exception exception, string path) =>
        Reason(exception) is var reason && reason.StartsWith(path, StringComparison.Ordinal)
            ? reason[path.Length..].TrimStart(':', ' ') : reason;

    /// <summary>The path and the reason: <c>/etc/smm/agent.yaml: permission denied for user smm-agent</c>.</summary>
    public static string Describe(Exception exception) =>
        Path().Match(exception.Message) is { Success: true } match && Reason(exception) is var reason
        && reason != exception.Message.TrimEnd('.')
            ? $"{match.Groups["path"].Value}: {reason}"
            : Reason(exception);

    // "No space left on device : '/run/x'"
    [GeneratedRegex("^(?<reason>[A-Z][a-z -]+[a-z]) : '(?<path>/.*)'\\.?$")]
    private static partial Regex DotNet();

    // The quote is in a lookbehind: a search for "'/" would need the search for several strings of the framework, with 64 KB.
    [GeneratedRegex("(?<=')(?<path>/[^']*)'")]
    private static partial Regex Path();
}
