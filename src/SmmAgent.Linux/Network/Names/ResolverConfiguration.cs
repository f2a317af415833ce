using System.Net;
using System.Text;
using SmmAgent.Linux.Files;
using SmmAgent.Linux.Network.Interfaces;

namespace SmmAgent.Linux.Network.Names;

/// <summary>The name servers that the programs of this VM use: resolv.conf(5).</summary>
/// <param name="Servers">The name servers, in order.</param>
public sealed record ResolverConfiguration(IReadOnlyList<IPAddress> Servers)
{
    /// <summary>The address where systemd-resolved answers the programs of its host.</summary>
    public static readonly IPAddress ResolvedStub = new([127, 0, 0, 53]);

    private const int MaximumBytes = 64 * 1024;

    /// <returns>The configuration; null when there is no such file.</returns>
    /// <exception cref="InvalidDataException">The file is too large.</exception>
    public static ResolverConfiguration? Read(string path = "/etc/resolv.conf")
    {
        if (AtomicFile.ReadLimited(path, MaximumBytes) is not { } bytes)
            return null;

        var servers = new List<IPAddress>();
        foreach (var line in Encoding.UTF8.GetString(bytes).Split('\n'))
        {
            // IPAddress accepts an address with a scope (fe80::1%eth0).
            if (line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries) is ["nameserver", var server, ..]
                && IPAddress.TryParse(server, out var address))
                servers.Add(address);
        }

        return new(servers);
    }

    /// <summary>
    /// The name servers except those on addresses of this host. Loopback addresses are kept, because a server there forwards to another
    /// server. Empty when the file cannot be read.
    /// </summary>
    public static IReadOnlyList<IPAddress> ServersElsewhere(string path)
    {
        try
        {
            var own = InterfaceAddresses.Read();
            return (Read(path)?.Servers ?? []).Where(server => IPAddress.IsLoopback(server) || !own.Contains(server.ToString())).ToArray();
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception))
        {
            return [];
        }
    }
}
