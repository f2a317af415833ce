using System.Text;
using SmmAgent.Core.Planning;
using SmmAgent.Core.Sidecar.Logs;
using SmmAgent.Linux.Files;

namespace SmmAgent.Linux.Sidecar;

/// <summary>
/// Reads the end of the sidecar's logs. They are in a folder of the sidecar's: root must read there what the sidecar wrote, and nothing
/// else.
/// </summary>
public static class SidecarLogFiles
{
    /// <summary>The most bytes that are read of a log: its end.</summary>
    public const int MostBytes = 64 * 1024;

    /// <returns>No text when there is no such file; else its end, or why it cannot be read.</returns>
    public static Observation<SidecarLogText> Read(string path)
    {
        try
        {
            using var stream = AtomicFile.OpenPlain(path, "which a log never is");
            return Observation<SidecarLogText>.Known(stream is null ? SidecarLogText.Empty : new(End(stream),
                File.GetLastWriteTimeUtc(stream.SafeFileHandle)));
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception))
        {
            return Observation<SidecarLogText>.Unknown($"the sidecar's log cannot be read: {exception.Message}");
        }
    }

    private static string End(FileStream stream)
    {
        var from = Math.Max(0, stream.Length - MostBytes);
        stream.Position = from;
        var buffer = new byte[MostBytes];
        var text = Encoding.UTF8.GetString(buffer, 0, stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false));

        // A log that was truncated while its writer kept its place begins with a hole, which reads as zeros. The first line behind it is
        // whole.
        if (text.StartsWith('\0'))
            return text.TrimStart('\0');

        // What is left of a line that was cut may be the end of a secret that nobody would know for one.
        return from == 0 ? text : text[(text.IndexOf('\n', StringComparison.Ordinal) is var end and >= 0 ? end + 1 : text.Length)..];
    }
}
