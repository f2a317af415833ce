using System.Net;
using System.Runtime.InteropServices;
using SmmAgent.Linux.Interop;

namespace SmmAgent.Linux.Network.Interfaces;

/// <summary>One address of one of the VM's own interfaces.</summary>
public sealed record InterfaceAddress(string Interface, IPAddress Address);

/// <summary>The addresses of the VM's own interfaces: getifaddrs(3).</summary>
/// <remarks>Not .NET's NetworkInterface: it reads /proc/net, which the unit's ProcSubset=pid hides, and more than is asked for.</remarks>
public static unsafe class InterfaceAddresses
{
    private const uint Loopback = 0x8;
    private const ushort IPv4 = 2;
    private const ushort IPv6 = 10;

    /// <summary>All but those that mean nothing to another host (loopback, link-local), in a stable order.</summary>
    public static IReadOnlyList<string> Read() =>
        [.. ReadEach().Select(own => own.Address.ToString()).Distinct().Order(StringComparer.Ordinal)];

    /// <summary>The same, each with its interface, as the kernel lists them.</summary>
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

    // sockaddr_in has the address behind the port, sockaddr_in6 behind port and flow.
    private static IPAddress? AddressOf(byte* address) => address is null ? null : *(ushort*)address switch
    {
        IPv4 => new IPAddress(new ReadOnlySpan<byte>(address + 4, 4)),
        IPv6 => new IPAddress(new ReadOnlySpan<byte>(address + 8, 16)),
        _ => null,
    };
}
