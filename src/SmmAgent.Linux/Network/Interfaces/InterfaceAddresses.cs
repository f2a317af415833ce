using System.Net;
using System.Runtime.InteropServices;
using SmmAgent.Linux.Interop;

namespace SmmAgent.Linux.Network.Interfaces;

/// <summary>One address of an interface of this VM.</summary>
public sealed record InterfaceAddress(string Interface, IPAddress Address);

/// <summary>The addresses of the interfaces of this VM: getifaddrs(3).</summary>
/// <remarks>NetworkInterface of .NET cannot be used: it reads /proc/net, which ProcSubset=pid of the unit hides.</remarks>
public static unsafe class InterfaceAddresses
{
    private const uint Loopback = 0x8;
    private const ushort IPv4 = 2;
    private const ushort IPv6 = 10;

    /// <summary>All addresses, in a stable order, except those that other hosts cannot use (loopback, link-local).</summary>
    public static IReadOnlyList<string> Read() =>
        ReadEach().Select(own => own.Address.ToString()).Distinct().Order(StringComparer.Ordinal).ToArray();

    /// <summary>The same addresses with their interfaces, in the order of the kernel.</summary>
    public static IReadOnlyList<InterfaceAddress> ReadEach()
    {
        var found = new List<InterfaceAddress>();
        if (Libc.GetInterfaceAddresses(out var first) != 0)
            return found;

        try
        {
            for (var entry = first; entry is not null; entry = entry->Next)
            {
                if ((entry->Flags & Loopback) == 0 && AddressOf(entry->Address) is { } address && !IPAddress.IsLoopback(address)
                    && !address.IsIPv6LinkLocal)
                    found.Add(new(Marshal.PtrToStringUTF8((nint)entry->Name)!, address));
            }
        }
        finally
        {
            Libc.FreeInterfaceAddresses(first);
        }

        return found;
    }

    // The address follows the port in sockaddr_in, and port and flow in sockaddr_in6.
    private static IPAddress? AddressOf(byte* address) => address is null ? null : *(ushort*)address switch
    {
        IPv4 => new IPAddress(new ReadOnlySpan<byte>(address + 4, 4)),
        IPv6 => new IPAddress(new ReadOnlySpan<byte>(address + 8, 16)),
        _ => null,
    };
}
