using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace SmmAgent.Testing;

/// <summary>A proxy on loopback that supports the method CONNECT only, and records the heads of its requests.</summary>
public sealed class ConnectProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly ConcurrentQueue<string> _heads = new();
    private readonly Task _accepting;

    public ConnectProxy()
    {
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public string Url => $"http://127.0.0.1:{Port}";

    /// <summary>The heads of all requests.</summary>
    public IReadOnlyList<string> Heads => [.. _heads];

    /// <summary>The first lines of all requests.</summary>
    public IReadOnlyList<string> Lines => [.. _heads.Select(head => head.Split("\r\n")[0])];

    /// <summary>The value of Proxy-Authorization that it requires; null for none.</summary>
    public string? Required { get; init; }

    /// <summary>An answer instead of a tunnel, for example <c>HTTP/1.1 403 Forbidden</c>; null for a tunnel.</summary>
    public string? Refusal { get; init; }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Stop();
        await _accepting;
    }

    private async Task AcceptAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true)
                connections.Add(ServeAsync(await _listener.AcceptTcpClientAsync(_end.Token)));
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                var stream = client.GetStream();
                var head = await ReadHeadAsync(stream);
                _heads.Enqueue(head);
                var words = head.Split(' ');
                var refusal = Refusal ?? (Required is not null && RawRequest.Header(head, "Proxy-Authorization") != Required
                        ? "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"test\""
                    : words[0] != "CONNECT" ? "HTTP/1.1 405 Method Not Allowed"
                    : null);
                if (refusal is not null)
                {
                    await WriteAsync(stream, $"{refusal}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
                    return;
                }

                var (host, port) = (words[1][..words[1].LastIndexOf(':')], words[1][(words[1].LastIndexOf(':') + 1)..]);
                using var server = new TcpClient();
                await server.ConnectAsync(
                    host.Trim('[', ']'), int.Parse(port, System.Globalization.CultureInfo.InvariantCulture), _end.Token);
                await WriteAsync(stream, "HTTP/1.1 200 Connection established\r\nVia: 1.1 test\r\n\r\n");
                var far = server.GetStream();
                await Task.WhenAny(stream.CopyToAsync(far, _end.Token), far.CopyToAsync(stream, _end.Token));
            }
            catch (Exception exception) when (exception is IOException or SocketException or OperationCanceledException)
            {
            }
        }
    }

    private async Task<string> ReadHeadAsync(NetworkStream stream)
    {
        var head = new StringBuilder();
        var one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal) && await stream.ReadAsync(one, _end.Token) > 0)
            head.Append((char)one[0]);
        return head.ToString();
    }

    private async Task WriteAsync(NetworkStream stream, string text) => await stream.WriteAsync(Encoding.ASCII.GetBytes(text), _end.Token);
}
