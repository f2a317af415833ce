using System.Net;
using System.Net.Sockets;
using SmmAgent.Core.Reachability;

namespace SmmAgent.Linux.Network;

/// <summary>Why a connection did not come about.</summary>
/// <param name="Detail">A verb phrase: <c>refused the connection</c>.</param>
/// <param name="NoRoute">Whether this host has no way at all to addresses of the family.</param>
public sealed record ConnectFault(Outcome Outcome, string Detail, bool NoRoute = false);

/// <summary>Opens every TCP connection of the agent to another host, outside the sidecar's capture, and tells how they fail.</summary>
public static class Connector
{
    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(3);

    public static async Task<Socket> ConnectAsync(IPEndPoint endpoint, CancellationToken cancel)
    {
        var socket = Open(endpoint.AddressFamily);
        try
        {
            await socket.ConnectAsync(endpoint, cancel);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Connects to the first address that accepts, in their order.</summary>
    /// <exception cref="SocketException">None did: why the last one did not.</exception>
    public static async Task<Socket> ConnectFirstAsync(IReadOnlyList<IPAddress> addresses, int port, CancellationToken cancel)
    {
        var last = new SocketException((int)SocketError.HostNotFound);
        foreach (var address in addresses)
        {
            try
            {
                return await ConnectAsync(new IPEndPoint(address, port), cancel);
            }
            catch (SocketException exception)
            {
                last = exception;
            }
        }

        throw last;
    }

    /// <summary>Connects to the first address that accepts: the IPv4 ones in their order, and the IPv6 ones only where IPv4 has no route.</summary>
    /// <returns>The connection, or why the last attempt failed.</returns>
    public static async Task<(Socket? Connection, ConnectFault? Fault)> ConnectPreferringIPv4Async(
        IReadOnlyList<IPAddress> addresses, int port, CancellationToken cancel)
    {
        ConnectFault? fault = null;
        foreach (var family in addresses.GroupBy(address => address.AddressFamily).OrderBy(family => family.Key != AddressFamily.InterNetwork))
        {
            if (fault is { NoRoute: false })
                break;
            foreach (var address in family)
            {
                try
                {
                    return (await ConnectAsync(new IPEndPoint(address, port), cancel), null);
                }
                catch (SocketException exception)
                {
                    fault = FaultOf(exception.SocketErrorCode);
                }
            }
        }

        return (null, fault);
    }

    public static ConnectFault FaultOf(SocketError error) => error switch
    {
        SocketError.ConnectionRefused => new(Outcome.Refused, "refused the connection"),
        SocketError.TimedOut => new(Outcome.Timeout, "did not answer the connection attempt"),
        SocketError.NetworkUnreachable => new(Outcome.Unreachable, "is unreachable: this VM has no route to it", NoRoute: true),
        SocketError.AddressNotAvailable or SocketError.AddressFamilyNotSupported
            => new(Outcome.Unreachable, "is unreachable: this VM has no address of that family", NoRoute: true),
        SocketError.HostUnreachable or SocketError.HostDown => new(Outcome.Unreachable, "is unreachable: a router or firewall says so"),
        SocketError.AccessDenied => new(Outcome.Unreachable, "is unreachable: this VM's own firewall forbids it"),
        SocketError.ConnectionReset or SocketError.ConnectionAborted => new(Outcome.Refused, "reset the connection"),
        _ => new(Outcome.Unreachable, $"is unreachable ({error})"),
    };

    private static Socket Open(AddressFamily family)
    {
        using (AgentGroup.Join())
            return new Socket(family, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    }
}
