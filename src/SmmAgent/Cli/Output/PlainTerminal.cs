using Microsoft.Win32.SafeHandles;
using SmmAgent.Linux.Files;

namespace SmmAgent.Cli.Output;

/// <summary>
/// Writes to a terminal without the preparations of .NET, which emit escape sequences for reading keys even with NO_COLOR.
/// </summary>
internal static class PlainTerminal
{
    /// <summary>
    /// Replaces the standard streams that are terminals. All others stay, because a file has an offset that processes share.
    /// </summary>
    public static void Use()
    {
        if (!Console.IsOutputRedirected && Open(1) is { } output)
            Console.SetOut(output);
        if (!Console.IsErrorRedirected && Open(2) is { } error)
            Console.SetError(error);
    }

    private static StreamWriter? Open(int descriptor)
    {
        try
        {
            var stream = new FileStream(new SafeFileHandle(descriptor, ownsHandle: false), FileAccess.Write, bufferSize: 0);
            return stream.CanSeek ? null : new StreamWriter(stream) { AutoFlush = true };
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception) || exception is ArgumentException)
        {
            return null; // the stream is closed
        }
    }
}
