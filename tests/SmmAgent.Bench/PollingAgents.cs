using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace SmmAgent.Bench;

/// <summary>
/// Agents on plain sockets, so that thousands of them use little of the processors that the dashboard is measured on. Each one comes from
/// an address of its own, as VMs do.
/// </summary>
internal sealed class PollingAgents : IDisposable
{
    private const string Good = "HTTP/1.1 200";
    private const int BatchSize = 250;

    private readonly List<Socket> _sockets = [];
    private readonly List<Task<(string Status, long At)>> _answers = [];

    /// <param name="port">The port of the dashboard on the loopback address.</param>
    /// <param name="group">The path of the WorkloadGroup.</param>
    /// <param name="token">The bearer token.</param>
    /// <param name="etag">The entity tag that the agent has.</param>
    /// <param name="wait">The seconds to be held; null to be answered at once.</param>
    public static byte[] Request(int port, string group, string token, string? etag, int? wait) => Encoding.ASCII.GetBytes(
        $"GET {group}/mesh-config HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\nUser-Agent: smm-agent/0.1.0\r\n"
        + (etag is null ? "" : $"If-None-Match: {etag}\r\n")
        + (wait is null ? "" : string.Create(CultureInfo.InvariantCulture, $"Prefer: wait={wait}\r\n")) + "\r\n");

    /// <summary>Connects from the address of an agent.</summary>
    public static async Task<Socket> ConnectAsync(int port, int index)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Bind(new IPEndPoint(new IPAddress([127, 1, (byte)(index / 250), (byte)(index % 250 + 1)]), 0));
        await socket.ConnectAsync(IPAddress.Loopback, port);
        return socket;
    }

    /// <summary>Connects agents and sends the request of each.</summary>
    public async Task HoldAsync(int port, int agents, Func<int, byte[]> request)
    {
        for (var start = 0; start < agents; start += BatchSize)
        {
            var batch = await Task.WhenAll(
                Enumerable.Range(start, Math.Min(BatchSize, agents - start)).Select(index => ConnectAsync(port, index)));
            for (var i = 0; i < batch.Length; i++)
            {
                await batch[i].SendAsync(request(start + i));
                _sockets.Add(batch[i]);
                _answers.Add(ReadAsync(batch[i]));
            }
        }
    }

    /// <summary>Sends another request of each agent after its answer.</summary>
    public async Task HoldAgainAsync(byte[] request)
    {
        var rest = new byte[16 * 1024];
        for (var index = 0; index < _sockets.Count; index++)
        {
            while (_sockets[index].Available > 0)
                await _sockets[index].ReceiveAsync(rest);
            await _sockets[index].SendAsync(request);
            _answers[index] = ReadAsync(_sockets[index]);
        }
    }

    /// <summary>The milliseconds after which each of the agents had its answer.</summary>
    public async Task<IReadOnlyList<double>> UntilAnsweredAsync(long since, IEnumerable<int> agents)
    {
        var answers = await Task.WhenAll(agents.Select(index => _answers[index])).WaitAsync(TimeSpan.FromMinutes(2));
        return answers.FirstOrDefault(answer => answer.Status != Good) is { Status: { } other }
            ? throw new InvalidOperationException($"an agent got '{other}'")
            : [.. answers.Select(answer => Stopwatch.GetElapsedTime(since, answer.At).TotalMilliseconds)];
    }

    /// <summary>The number of agents that have an answer.</summary>
    public int Answered => _answers.Count(answer => answer.IsCompleted);

    public void Dispose()
    {
        foreach (var socket in _sockets)
            socket.Dispose();
    }

    private static async Task<(string Status, long At)> ReadAsync(Socket socket)
    {
        var start = new byte[Good.Length];
        try
        {
            var length = await socket.ReceiveAsync(start);
            return (Encoding.ASCII.GetString(start, 0, length), Stopwatch.GetTimestamp());
        }
        catch (SocketException exception)
        {
            return (exception.Message, Stopwatch.GetTimestamp());
        }
    }
}
