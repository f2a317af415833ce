using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using SmmAgent.Contract;

namespace SmmDashboard.Hosting;

/// <summary>The reason why a file cannot be used, in the words of errno(3) and without the path.</summary>
public static partial class FileReason
{
    private const int ReadOnlyFileSystem = 30;
    private const int LargestErrno = 4095;

    /// <param name="exception">The exception of the operation.</param>
    /// <param name="path">The file that was opened.</param>
    public static string From(Exception exception, string path) => exception switch
    {
        FileNotFoundException or DirectoryNotFoundException => "no such file or directory",
        UnauthorizedAccessException { InnerException.HResult: ReadOnlyFileSystem } => "read-only file system",
        // .NET reports that a directory was opened as a missing permission.
        UnauthorizedAccessException when Directory.Exists(path) => "is a directory",
        UnauthorizedAccessException =>
            Environment.UserName is { Length: > 0 } user ? $"permission denied for user {user}" : "permission denied",
        PathTooLongException => "the name is too long",
        IOException { HResult: > 0 and <= LargestErrno and var number } => OneLine.LowerFirst(Marshal.GetPInvokeErrorMessage(number)),
        _ => OneLine.From(exception.Message).TrimEnd('.'),
    };

    /// <summary>The path, if the exception names it, and the reason.</summary>
    public static string Describe(Exception exception) =>
        exception is not ListenException && Path().Match(exception.Message) is { Success: true } match
        && match.Groups["path"].Value is var path
            && From(exception, path) is var reason && reason != OneLine.From(exception.Message).TrimEnd('.')
            ? $"{path}: {reason}"
            : exception.Message.TrimEnd('.');

    [GeneratedRegex("'(?<path>/[^']*)'")]
    private static partial Regex Path();
}
