using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace SmmAgent.Linux.Interop;

/// <summary>Sockets, interfaces and the resolver: socket(2), netlink(7), getifaddrs(3), resolver(3).</summary>
internal static partial class Libc
{
    /// <summary>RES_USEVC of resolv.h: ask name servers over TCP.</summary>
    public const ulong ResolveOverTcp = 0x8;

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    public static partial SafeFileHandle Socket(int family, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "bind", SetLastError = true)]
    public static partial int Bind(SafeFileHandle socket, in NetlinkAddress address, uint length);

    [LibraryImport("libc", EntryPoint = "setsockopt", SetLastError = true)]
    public static partial int SetSocketOption(SafeFileHandle socket, int level, int option, in int value, uint length);

    [LibraryImport("libc", EntryPoint = "recv", SetLastError = true)]
    public static partial nint Receive(SafeFileHandle socket, Span<byte> buffer, nuint length, int flags);

    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    public static partial nint Send(SafeFileHandle socket, ReadOnlySpan<byte> buffer, nuint length, int flags);

    [LibraryImport("libc", EntryPoint = "getifaddrs")]
    public static unsafe partial int GetInterfaceAddresses(out InterfaceEntry* first);

    [LibraryImport("libc", EntryPoint = "freeifaddrs")]
    public static unsafe partial void FreeInterfaceAddresses(InterfaceEntry* first);

    /// <summary>res_init(3) of the calling thread; resolv.h gives it this name.</summary>
    [LibraryImport("libc", EntryPoint = "__res_init")]
    public static partial int InitializeResolver();

    [LibraryImport("libc", EntryPoint = "__res_state")]
    public static unsafe partial ResolverOptions* ResolverState();

    [StructLayout(LayoutKind.Sequential)]
    public struct NetlinkAddress
    {
        public ushort Family;
        public ushort Padding;
        public uint Port;
        public uint Groups;
    }

    /// <summary>The beginning of struct ifaddrs.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public unsafe struct InterfaceEntry
    {
        public InterfaceEntry* Next;
        public byte* Name;
        public uint Flags;
        public byte* Address;
    }

    /// <summary>The beginning of struct __res_state.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct ResolverOptions
    {
        public int Retransmission;
        public int Retries;
        public ulong Options;
    }
}
