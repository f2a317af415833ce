using System.Net;
using System.Net.NetworkInformation;

namespace SmmAgent.Linux.Network;

/// <summary>One address of one of the VM's own interfaces.</summary>
public sealed record InterfaceAddress(string Interface, IPAddress Address);

/// <summary>The addresses of the VM's own interfaces.</summary>
public static class InterfaceAddresses
{
    /// <summary>All but those that mean nothing to another host (loopback, link-local), in a stable order.</summary>
    public static IReadOnlyList<string> Read() =>
        [.. ReadEach().Select(own => own.Address.ToString()).Distinct().Order(StringComparer.Ordinal)];

    /// <summary>The same, each with its interface, as the kernel lists them.</summary>
    public static IReadOnlyList<InterfaceAddress> ReadEach()
    {
        try
        {
            return
            [
                .. from network in NetworkInterface.GetAllNetworkInterfaces()
                   where network.NetworkInterfaceType != NetworkInterfaceType.Loopback
                   from unicast in network.GetIPProperties().UnicastAddresses
                   where !IPAddress.IsLoopback(unicast.Address) && !unicast.Address.IsIPv6LinkLocal
                   select new InterfaceAddress(network.Name, unicast.Address),
            ];
        }
        catch (NetworkInformationException)
        {
            return []; // an interface went away while it was looked at; the next report has it right
        }
    }
}
