using System.Runtime.InteropServices;

namespace SmmAgent.Linux.Interop;

/// <summary>Memory, signals and the terminal: mallopt(3), madvise(2), kill(2), termios(3), setenv(3).</summary>
internal static partial class Libc
{
    /// <summary>M_ARENA_MAX of malloc.h.</summary>
    public const int MaximumArenas = -8;

    /// <summary>MADV_DONTNEED of mman.h.</summary>
    public const int DoNotNeed = 4;

    public const int SignalHangup = 1;
    public const int SignalKill = 9;
    public const int SignalTerminate = 15;

    /// <summary>SIG_IGN.</summary>
    public const nint IgnoreSignal = 1;

    [LibraryImport("libc", EntryPoint = "mallopt")]
    public static partial int SetMallocOption(int parameter, int value);

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int SetVariable(string name, string value, int overwrite);

    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    public static partial int TrimMalloc(nuint pad);

    [LibraryImport("libc", EntryPoint = "madvise")]
    public static partial int AdviseMemory(nint start, nuint length, int advice);

    [LibraryImport("libc", EntryPoint = "kill")]
    public static partial int SendSignal(int process, int signal);

    [LibraryImport("libc", EntryPoint = "signal")]
    public static partial nint SetSignalHandler(int signal, nint handler);

    /// <summary>TIOCGWINSZ of ioctl_tty(2).</summary>
    public const nuint GetWindowSize = 0x5413;

    [LibraryImport("libc", EntryPoint = "ioctl")]
    public static partial int Control(int file, nuint request, Span<ushort> size);

    [LibraryImport("libc", EntryPoint = "tcgetattr")]
    public static partial int GetTerminalAttributes(int file, Span<byte> termios);

    [LibraryImport("libc", EntryPoint = "tcsetattr")]
    public static partial int SetTerminalAttributes(int file, int when, ReadOnlySpan<byte> termios);
}
