using System.Net;
using System.Net.Sockets;
using SmmAgent.Linux.Files;
using SmmAgent.Linux.Host;
using SmmAgent.Linux.Interop;
using SmmAgent.Linux.Network.Connections;

namespace SmmAgent.Linux.Network.Names;

/// <summary>Resolves names with the resolver of the host instead of the sidecar, even if the sidecar captures DNS.</summary>
/// <remarks>
/// Istio puts the questions to the name servers into one conntrack zone and the answers into another. For a group that is excluded from the
/// capture, an answer over UDP is therefore not ESTABLISHED, and a host with the INPUT policy DROP loses it. TCP has no such rules.
/// </remarks>
public static class HostResolver
{
    /// <summary>Where the sidecar answers the DNS questions that it captures.</summary>
    internal const int SidecarDnsPort = 15053;

    private const int DnsPort = 53;
    private const int MostAtOnce = 32;

    private static readonly TimeSpan ConnectPatience = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan TcpPatience = TimeSpan.FromSeconds(1.5);

    // glibc waits for an answer without a limit over TCP, and for half a minute over UDP, so the number of waiting threads is limited.
    private static readonly BoundedThreads OverTcp = new("resolver", MostAtOnce);
    private static readonly BoundedThreads OverUdp = new("resolver", MostAtOnce);

    /// <summary>All addresses of a name, A and AAAA.</summary>
    /// <exception cref="SocketException">The name does not exist, or no name server answers.</exception>
    public static async Task<IPAddress[]> ResolveAsync(string host, CancellationToken cancel)
    {
        if (IsCaptured() && await AnswerOverTcpAsync(cancel))
        {
            using var late = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            late.CancelAfter(TcpPatience);
            try
            {
                return await OverTcp.RunAsync(() => LookUp(host, overTcp: true), late.Token);
            }
            catch (Exception exception)
            when (!cancel.IsCancellationRequested
                && exception is OperationCanceledException or SocketException { SocketErrorCode: SocketError.TryAgain })
            {
                // The name is resolved over UDP instead.
            }
        }

        return await OverUdp.RunAsync(() => LookUp(host, overTcp: false), cancel);
    }

    private static bool IsCaptured() =>
        AgentGroup.CanJoin && !OverTcp.AreBusy && ListeningSockets.Udp().Any(socket => socket.Local.Port == SidecarDnsPort);

    /// <summary>Whether the name servers of the host accept DNS over TCP. With a silent server glibc would wait for minutes.</summary>
    /// <returns>False also if a server is on this host: the firewall rules accept its answers over UDP.</returns>
    private static async Task<bool> AnswerOverTcpAsync(CancellationToken cancel)
    {
        IReadOnlyList<IPAddress> servers;
        try
        {
            servers = ResolverConfiguration.Read()?.Servers ?? [];
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception))
        {
            return false;
        }

        if (servers.Count == 0 || servers.Any(IPAddress.IsLoopback))
            return false;
        var answers = await Task.WhenAll(servers.Select(async server =>
        {
            using var late = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            late.CancelAfter(ConnectPatience);
            try
            {
                using var connection = await Connector.ConnectAsync(new IPEndPoint(server, DnsPort), late.Token);
                return Reply.Accepts;
            }
            catch (OperationCanceledException)
            {
                return Reply.Silent;
            }
            catch (SocketException)
            {
                return Reply.Refuses;
            }
        }));
        cancel.ThrowIfCancellationRequested();
        return answers.Contains(Reply.Accepts) && !answers.Contains(Reply.Silent);
    }

    // Runs on a separate thread, because the group and the options of the resolver belong to the thread.
    private static IPAddress[] LookUp(string host, bool overTcp)
    {
        using (AgentGroup.Join())
        {
            if (overTcp)
                AskOverTcp();
            return Dns.GetHostAddresses(host);
        }
    }

    private static unsafe void AskOverTcp()
    {
        if (Libc.InitializeResolver() == 0)
            Libc.ResolverState()->Options |= Libc.ResolveOverTcp;
    }

    private enum Reply
    {
        Accepts,
        Refuses,
        Silent,
    }
}
