using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using SmmAgent.Contract;

namespace SmmAgent.Linux.Network.Names;

/// <summary>Whether a name resolves through the sidecar.</summary>
public enum SidecarResolution
{
    /// <summary>The answer is inconclusive, or there is none.</summary>
    Unknown,

    /// <summary>The name has an address.</summary>
    Resolves,

    /// <summary>The name does not exist, or has no address.</summary>
    DoesNotResolve,

    /// <summary>No program listens on the DNS port of the sidecar.</summary>
    NothingListens,
}

/// <summary>The answer of the sidecar.</summary>
/// <param name="Detail">A short text, for example <c>NXDOMAIN</c>.</param>
public sealed record SidecarDnsReply(SidecarResolution Resolution, string Detail);

/// <summary>Asks the DNS server of the sidecar for a name: over UDP, and once over TCP if UDP brings no answer.</summary>
/// <param name="server">The address of the server; null for that of the sidecar, 127.0.0.1:15053.</param>
/// <param name="timeout">The time limit of all questions together; null for <see cref="DefaultTimeout"/>.</param>
public sealed class SidecarDns(TimeProvider time, IPEndPoint? server = null, TimeSpan? timeout = null)
{
    /// <summary>2 s.</summary>
    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(2);

    private readonly IPEndPoint _server = server ?? new IPEndPoint(IPAddress.Loopback, HostResolver.SidecarDnsPort);
    private readonly TimeSpan _timeout = timeout ?? DefaultTimeout;

    /// <param name="name">An absolute name.</param>
    public async Task<SidecarDnsReply> AskAsync(string name, CancellationToken cancel)
    {
        using var deadline = new Deadline(_timeout, time, cancel);
        try
        {
            foreach (var type in (DnsRecordType[])[DnsRecordType.A, DnsRecordType.Aaaa])
            {
                var id = (ushort)RandomNumberGenerator.GetInt32(ushort.MaxValue + 1);
                if (DnsMessage.Query(id, name, type) is not { } query)
                    return new(SidecarResolution.Unknown, "it is no DNS name");
                switch (await AskAsync(query, deadline.Token))
                {
                    case null:
                        return new(SidecarResolution.NothingListens, $"nothing listens on {_server}");
                    case DnsAnswer.Address:
                        return new(SidecarResolution.Resolves, "it has an address");
                    case DnsAnswer.NoSuchName:
                        return new(SidecarResolution.DoesNotResolve, "NXDOMAIN");
                    case DnsAnswer.NoAddress:
                        continue;
                    default:
                        return new(SidecarResolution.Unknown, "the sidecar's answer does not tell");
                }
            }

            return new(SidecarResolution.DoesNotResolve, "it has no address");
        }
        catch (OperationCanceledException) when (deadline.IsOver)
        {
            return new(SidecarResolution.Unknown, $"the sidecar did not answer within {_timeout.TotalSeconds:0.#} s");
        }
        catch (Exception exception) when (exception is SocketException or IOException)
        {
            return new(SidecarResolution.Unknown, $"the sidecar did not answer: {exception.Message}");
        }
    }

    /// <returns>Null when nothing listens, over UDP and TCP.</returns>
    private async Task<DnsAnswer?> AskAsync(byte[] query, CancellationToken cancel)
    {
        var isRefused = false;
        using (var patience = new Deadline(_timeout / 3, time, cancel))
        {
            try
            {
                if (await OverUdpAsync(query, patience.Token) is var answer and not DnsAnswer.Truncated)
                    return answer;
            }
            catch (OperationCanceledException) when (patience.IsOver)
            {
                // The name is asked for over TCP instead: a firewall that drops the answers over UDP may accept TCP.
            }
            catch (SocketException exception)
            {
                isRefused = exception.SocketErrorCode == SocketError.ConnectionRefused;
            }
        }

        try
        {
            return await OverTcpAsync(query, cancel);
        }
        catch (SocketException exception) when (isRefused && exception.SocketErrorCode == SocketError.ConnectionRefused)
        {
            return null;
        }
    }

    private async Task<DnsAnswer> OverUdpAsync(byte[] query, CancellationToken cancel)
    {
        using var socket = new Socket(_server.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        await socket.ConnectAsync(_server, cancel); // a connected socket receives datagrams of the server only
        await socket.SendAsync(query, cancel);
        var answer = new byte[DnsMessage.MaximumBytes];
        var length = await socket.ReceiveAsync(answer, cancel);
        return DnsMessage.Read(query, answer.AsSpan(0, length));
    }

    private async Task<DnsAnswer> OverTcpAsync(byte[] query, CancellationToken cancel)
    {
        using var socket = new Socket(_server.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(_server, cancel);
        await using var stream = new NetworkStream(socket);
        await stream.WriteAsync((byte[])[(byte)(query.Length >> 8), (byte)query.Length, .. query], cancel);
        var length = new byte[2];
        await stream.ReadExactlyAsync(length, cancel);
        var answer = new byte[BinaryPrimitives.ReadUInt16BigEndian(length)];
        if (answer.Length > DnsMessage.MaximumBytes)
            return DnsAnswer.Unknown;
        await stream.ReadExactlyAsync(answer, cancel);
        return DnsMessage.Read(query, answer);
    }
}
