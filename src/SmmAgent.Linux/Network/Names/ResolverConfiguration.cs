using System.Net;
using System.Text;
using SmmAgent.Linux.Files;
using SmmAgent.Linux.Network.Interfaces;

namespace SmmAgent.Linux.Network.Names;

/// <summary>Whom the programs of this VM ask for names: resolv.conf(5).</summary>
/// <param name="Servers">The name servers, in order.</param>
public sealed record ResolverConfiguration(IReadOnlyList<IPAddress> Servers)
{
    /// <summary>Where systemd-resolved answers the programs of its host.</summary>
    public static readonly IPAddress ResolvedStub = new([127, 0, 0, 53]);

    private const int MaximumBytes = 64 * 1024;

    /// <returns>The configuration; null when there is no such file.</returns>
    /// <exception cref="InvalidDataException">It is too large.</exception>
    public static ResolverConfiguration? Read(string path = "/etc/resolv.conf")
    {
        if (AtomicFile.ReadLimited(path, MaximumBytes) is not { } bytes)
            return null;

        var servers = new List<IPAddress>();
        foreach (var line in Encoding.UTF8.GetString(bytes).Split('\n'))
        {
            // A scope (fe80::1%eth0) is part of an address to IPAddress, too.
            if (line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries) is ["nameserver", var server, ..]
                && IPAddress.TryParse(server, out var address))
                servers.Add(address);
        }

        return new(servers);
    }

    /// <summary>
    /// The name servers, but for those on this host's own addresses (loopback stays: it asks another server); none where the file cannot
    /// be read.
    /// </summary>
    public static IReadOnlyList<IPAddress> ServersElsewhere(string path)
    {
        try
        {
            var own = InterfaceAddresses.Read();
            return [.. (Read(path)?.Servers ?? []).Where(server => IPAddress.IsLoopback(server) || !own.Contains(server.ToString()))];
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception))
        {
            return [];
        }
    }
}
