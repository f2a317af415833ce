using System.Net;
using System.Net.NetworkInformation;

namespace SmmAgent.Daemon;

/// <summary>Which TCP ports of this VM somebody listens on.</summary>
public static class LocalListeners
{
    /// <summary>Whether another host could be answered on the port: a listener on loopback alone does not count.</summary>
    public static bool Has(int port) =>
        IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners()
            .Any(listener => listener.Port == port && !IPAddress.IsLoopback(listener.Address));
}
