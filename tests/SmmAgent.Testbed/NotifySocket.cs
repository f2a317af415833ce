using System.Net.Sockets;
using System.Text;

namespace SmmAgent.Testbed;

/// <summary>The notification socket of systemd: it receives READY=1, STATUS= and other datagrams.</summary>
public sealed class NotifySocket : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
    private readonly List<string> _messages = [];
    private readonly Lock _lock = new();

    public NotifySocket(string path)
    {
        Path = path;
        _socket.Bind(new UnixDomainSocketEndPoint(path));
        _ = ReceiveAsync();
    }

    public string Path { get; }

    /// <summary>Every datagram so far, oldest first.</summary>
    public IReadOnlyList<string> Messages
    {
        get
        {
            lock (_lock)
                return [.. _messages];
        }
    }

    /// <summary>The newest STATUS= line; empty before the first.</summary>
    public string Status => Messages
        .SelectMany(message => message.Split('\n'))
        .LastOrDefault(line => line.StartsWith("STATUS=", StringComparison.Ordinal))?["STATUS=".Length..] ?? "";

    public bool HasReceived(string line) => Messages.Any(message => message.Split('\n').Contains(line));

    public int Count(string line) => Messages.Count(message => message.Split('\n').Contains(line));

    public void Dispose()
    {
        _socket.Dispose();
        File.Delete(Path);
    }

    private async Task ReceiveAsync()
    {
        var buffer = new byte[8192];
        try
        {
            while (true)
            {
                var length = await _socket.ReceiveAsync(buffer);
                lock (_lock)
                    _messages.Add(Encoding.UTF8.GetString(buffer, 0, length));
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
        }
    }
}
