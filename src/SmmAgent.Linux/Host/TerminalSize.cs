using SmmAgent.Linux.Interop;

namespace SmmAgent.Linux.Host;

/// <summary>The size of the terminal of standard output: ioctl_tty(2).</summary>
/// <remarks>Console.WindowWidth of .NET prepares the terminal for reading keys first, and writes escape sequences for that.</remarks>
public static class TerminalSize
{
    private const int StandardOutput = 1;

    /// <summary>The columns of the terminal now; null without a terminal, or if it does not report its size.</summary>
    public static int? Columns()
    {
        Span<ushort> size = stackalloc ushort[4]; // rows, columns, and two in pixels
        return Libc.Control(StandardOutput, Libc.GetWindowSize, size) == 0 && size[1] > 0 ? size[1] : null;
    }
}
