using System.Net;
using System.Net.NetworkInformation;

namespace SmmAgent.Linux.Network;

/// <summary>The addresses of the VM's own interfaces.</summary>
public static class InterfaceAddresses
{
    /// <summary>All but those that mean nothing to another host (loopback, link-local), in a stable order.</summary>
    public static IReadOnlyList<string> Read()
    {
        try
        {
            return
            [
                .. NetworkInterface.GetAllNetworkInterfaces()
                    .Where(network => network.NetworkInterfaceType != NetworkInterfaceType.Loopback)
                    .SelectMany(network => network.GetIPProperties().UnicastAddresses)
                    .Select(unicast => unicast.Address)
                    .Where(address => !IPAddress.IsLoopback(address) && !address.IsIPv6LinkLocal)
                    .Select(address => address.ToString())
                    .Distinct()
                    .Order(StringComparer.Ordinal),
            ];
        }
        catch (NetworkInformationException)
        {
            return []; // an interface went away while it was looked at; the next report has it right
        }
    }
}
