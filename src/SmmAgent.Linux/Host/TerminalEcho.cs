using System.Runtime.InteropServices;
using SmmAgent.Linux.Interop;

namespace SmmAgent.Linux.Host;

/// <summary>Whether the terminal of standard input shows what is typed: termios(3).</summary>
public sealed class TerminalEcho
{
    private const int StandardInput = 0;
    private const int AfterOutput = 1;

    // The same in the termios of glibc on every architecture: three other flags come before these.
    private const int LocalFlags = 3 * sizeof(uint);
    private const int Size = 60;
    private const uint Echo = 8;
    private const uint EchoNewline = 0x40;

    private readonly byte[] _before;

    private TerminalEcho(byte[] before) => _before = before;

    /// <summary>Hides typed characters, except the end of a line.</summary>
    /// <returns>The previous state, to be restored; null when standard input is not a terminal.</returns>
    public static TerminalEcho? Hide()
    {
        var before = new byte[Size];
        if (Libc.GetTerminalAttributes(StandardInput, before) != 0)
            return null;

        byte[] hidden = before.ToArray();
        ref var flags = ref MemoryMarshal.AsRef<uint>(hidden.AsSpan(LocalFlags));
        flags = (flags & ~Echo) | EchoNewline;
        return Libc.SetTerminalAttributes(StandardInput, AfterOutput, hidden) == 0 ? new(before) : null;
    }

    /// <summary>Restores the previous state.</summary>
    public void Restore() => _ = Libc.SetTerminalAttributes(StandardInput, AfterOutput, _before);
}
