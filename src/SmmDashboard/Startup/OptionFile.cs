using System.Security.Cryptography;
using SmmAgent.Contract;
using SmmDashboard.Hosting;

namespace SmmDashboard.Startup;

/// <summary>The files that options name. A fault has the option, the path, the reason, and what to do.</summary>
internal static class OptionFile
{
    private static readonly string[] Verbs = ["is", "has", "contains", "does"];

    /// <summary>Reads the content of a file, which may be a pipe.</summary>
    /// <param name="option">The option that names the file.</param>
    /// <param name="path">The file.</param>
    /// <param name="limit">The maximum number of bytes that are read; the rest is ignored.</param>
    /// <param name="fix">What the option must name: <c>name a PEM file with …</c>.</param>
    /// <param name="faults">Receives the fault.</param>
    /// <returns>Null for a file that cannot be read.</returns>
    public static byte[]? Read(string option, string path, int limit, string fix, List<string> faults)
    {
        try
        {
            using var stream = File.OpenRead(path);
            var buffer = new byte[limit];
            var length = stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
            var content = buffer[..length];
            CryptographicOperations.ZeroMemory(buffer); // it may be a key
            return content;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            faults.Add(Format(option, path, $"{Reason(exception, path)}; {fix}"));
        }

        return null;
    }

    /// <summary>The reason why a path is not a folder, and what to do.</summary>
    public static string NotAFolder(string path) =>
        $"is not a folder{(File.Exists(path) ? ", but a file" : ": no such file or directory")}; name a folder that exists";

    /// <summary>The option, the file and the reason, which is either a sentence or the rest of one, as in <c>is a directory</c>.</summary>
    public static string Format(string option, string path, string reason) =>
        $"{option} '{OneLine.ReplaceUnprintable(path, '?')}'{(Verbs.Contains(reason.Split(' ')[0]) ? "" : ":")} {reason}";

    // An empty path is an ArgumentException.
    private static string Reason(Exception exception, string path) =>
        path.Length == 0 ? "the name of the file is empty" : FileReason.From(exception, path);
}
