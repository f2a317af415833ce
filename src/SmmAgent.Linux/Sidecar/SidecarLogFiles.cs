using System.Text;
using SmmAgent.Core.Planning;
using SmmAgent.Core.Sidecar.Logs;
using SmmAgent.Linux.Files;

namespace SmmAgent.Linux.Sidecar;

/// <summary>
/// Reads the end of the sidecar's logs. The sidecar owns their folder, so root must not follow anything in it to another file.
/// </summary>
public static class SidecarLogFiles
{
    /// <summary>The maximum number of bytes that are read from the end of a log.</summary>
    public const int MostBytes = 64 * 1024;

    /// <returns>The end of the log, empty when there is no such file; or the reason why it cannot be read.</returns>
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
            return Observation<SidecarLogText>.Unknown($"the sidecar's log cannot be read: {FileErrors.Reason(exception)}");
        }
    }

    private static string End(FileStream stream)
    {
        var from = Math.Max(0, stream.Length - MostBytes);
        stream.Position = from;
        var buffer = new byte[MostBytes];
        var text = Encoding.UTF8.GetString(buffer, 0, stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false));

        // A log that was truncated while its writer kept its offset begins with a hole, which reads as zeros. The first line after it is
        // complete.
        if (text.StartsWith('\0'))
            return text.TrimStart('\0');

        // The rest of a cut line may be the end of a secret that the redactor does not recognize.
        return from == 0 ? text : text[(text.IndexOf('\n', StringComparison.Ordinal) is var end and >= 0 ? end + 1 : text.Length)..];
    }
}
