using System.Net;
using System.Net.Sockets;
using SmmAgent.Core.Reachability;

namespace SmmAgent.Linux.Network.Connections;

/// <summary>The reason why a connection failed.</summary>
/// <param name="Detail">A verb phrase: <c>refused the connection</c>.</param>
/// <param name="NoRoute">Whether this host has no route or no address of the address family.</param>
public sealed record ConnectFailure(Outcome Outcome, string Detail, bool NoRoute = false);

/// <summary>Opens all TCP connections of the agent to other hosts, outside the capture of the sidecar, and describes their failures.
/// </summary>
public static class Connector
{
    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(3);

    /// <summary>The delay before the next address is tried in parallel (RFC 8305, section 5).</summary>
    public static readonly TimeSpan AttemptDelay = TimeSpan.FromMilliseconds(250);

    // The time after which IPv6 is tried although IPv4 has not failed.
    private static readonly TimeSpan SilentFamily = TimeSpan.FromSeconds(2);

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

    /// <summary>
    /// Connects to the first address that accepts (RFC 8305). The families alternate. The next address is tried as soon as one fails or has
    /// not answered within <see cref="AttemptDelay"/>; earlier attempts continue.
    /// </summary>
    /// <exception cref="SocketException">No address accepted. A refusal is reported in preference to a missing route.</exception>
    public static async Task<Socket> ConnectFirstAsync(IReadOnlyList<IPAddress> addresses, int port, CancellationToken cancel)
    {
        var race = new ConnectionRace(port);
        return await race.RunAsync(InTurns(addresses), cancel) ?? throw race.Fault;
    }

    /// <summary>
    /// Connects to the first address that accepts. IPv6 addresses are tried only if IPv4 has no route or does not answer at all.
    /// </summary>
    /// <returns>The connection, or the reason why the attempts failed.</returns>
    public static async Task<(Socket? Connection, ConnectFailure? Fault)> ConnectPreferringIPv4Async(
        IReadOnlyList<IPAddress> addresses, int port, CancellationToken cancel)
    {
        var race = new ConnectionRace(port);
        var four = addresses.Where(address => address.AddressFamily == AddressFamily.InterNetwork).ToList();
        var six = addresses.Except(four).ToList();
        var connection = await race.RunAsync(four, cancel, six.Count > 0 ? SilentFamily : null);
        if (connection is null && (four.Count == 0 || race.IsSilent || FailureFrom(race.Fault.SocketErrorCode).NoRoute))
            connection = await race.RunAsync(six, cancel);
        return connection is null ? (null, FailureFrom(race.Fault.SocketErrorCode)) : (connection, null);
    }

    /// <summary>
    /// Orders the addresses so that the families alternate, beginning with the family of the first one: the resolver has sorted the
    /// addresses by RFC 6724.
    /// </summary>
    internal static IReadOnlyList<IPAddress> InTurns(IReadOnlyList<IPAddress> addresses)
    {
        var families = addresses.GroupBy(address => address.AddressFamily).Select(family => family.ToList()).ToList();
        return Sequences.Range(0, addresses.Count)
            .SelectMany(turn => families.Where(family => turn < family.Count).Select(family => family[turn])).ToArray();
    }

    public static ConnectFailure FailureFrom(SocketError error) => error switch
    {
        SocketError.ConnectionRefused => new(Outcome.Refused, "refused the connection"),
        SocketError.TimedOut => new(Outcome.Timeout, "did not answer the connection attempt"),
        SocketError.NetworkUnreachable => new(Outcome.Unreachable, "is unreachable: this VM has no route to it", NoRoute: true),
        SocketError.AddressNotAvailable or SocketError.AddressFamilyNotSupported
            => new(Outcome.Unreachable, "is unreachable: this VM has no address of that family", NoRoute: true),
        SocketError.HostUnreachable or SocketError.HostDown
            => new(Outcome.Unreachable, "is unreachable: a router or firewall reports that"),
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
