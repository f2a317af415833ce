using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Threading.Channels;

namespace SmmAgent.Testing;

/// <summary>A server on loopback that answers with exact bytes, whether they are HTTP or not.</summary>
public sealed class RawServer : IAsyncDisposable
{
    private readonly TcpListener _listener;
    private readonly CancellationTokenSource _end = new();
    private readonly X509Certificate2? _certificate;
    private readonly SslStreamCertificateContext? _context;
    private readonly ConcurrentBag<Task> _connections = [];
    private readonly Channel<RawRequest> _requests = Channel.CreateUnbounded<RawRequest>();
    private readonly Task _accepting;
    private int _count;

    /// <param name="certificate">With one, the server speaks TLS.</param>
    /// <param name="sentWithIt">The further certificates that it sends.</param>
    /// <param name="address">
    /// An address of loopback that no other test uses: a port of 127.0.0.1 may be another server's as soon as this one has ended.
    /// </param>
    public RawServer(X509Certificate2? certificate = null, X509Certificate2Collection? sentWithIt = null, IPAddress? address = null)
    {
        _listener = new(address ?? IPAddress.Loopback, 0);
        _certificate = certificate;
        if (certificate is not null)
            _context = SslStreamCertificateContext.Create(certificate, sentWithIt, offline: true);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public Uri Url => new(_certificate is null ? $"http://{_listener.LocalEndpoint}" : $"https://localhost:{Port}");

    /// <summary>How many requests came.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Answers a request; else the test takes it with <see cref="NextAsync"/> and answers itself.</summary>
    public Func<RawRequest, string?>? Answers { get; set; }

    public static string Answer(string status, string body, string headers = "") =>
        $"HTTP/1.1 {status}\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n{headers}\r\n{body}";

    /// <summary>The next request that came, oldest first.</summary>
    public Task<RawRequest> NextAsync() => _requests.Reader.ReadAsync().AsTask().WaitAsync(Until.Patience);

    public async ValueTask DisposeAsync()
    {
        if (_accepting.IsCompleted)
            return; // a test has ended it before

        await _end.CancelAsync();
        _listener.Stop();
        await _accepting;
        await Task.WhenAll(_connections);
        _end.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _connections.Add(ServeAsync(await _listener.AcceptTcpClientAsync(_end.Token)));
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or InvalidOperationException)
        {
            // Stopped, while it waited or between two waits.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                Stream stream = client.GetStream();
                if (_certificate is not null)
                {
                    var tls = new SslStream(stream);
                    stream = tls;
                    await tls.AuthenticateAsServerAsync(
                        new SslServerAuthenticationOptions { ServerCertificateContext = _context }, _end.Token);
                }

                while (await ReadHeadAsync(stream) is { } head)
                {
                    var request = new RawRequest(head, await ReadBodyAsync(stream, head), stream, client.Client);
                    Interlocked.Increment(ref _count);
                    if (Answers?.Invoke(request) is { } answer)
                        await request.SendAsync(answer);
                    _requests.Writer.TryWrite(request);
                    if (Answers is null)
                        await request.Answered.WaitAsync(_end.Token);
                    if (request.IsClosed)
                        return;
                }
            }
            catch (Exception exception) when (exception is IOException or OperationCanceledException or ObjectDisposedException
                or System.Security.Authentication.AuthenticationException)
            {
            }
        }
    }

    private async Task<string?> ReadHeadAsync(Stream stream)
    {
        var head = new StringBuilder();
        var one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            if (await stream.ReadAsync(one, _end.Token) == 0)
                return null;
            head.Append((char)one[0]);
        }

        return head.ToString();
    }

    private async Task<string> ReadBodyAsync(Stream stream, string head)
    {
        var length = RawRequest.Header(head, "Content-Length") is { } text
            ? int.Parse(text, System.Globalization.CultureInfo.InvariantCulture) : 0;
        var body = new byte[length];
        await stream.ReadExactlyAsync(body, _end.Token);
        return Encoding.UTF8.GetString(body);
    }
}

/// <summary>One request that came, and the means to answer it.</summary>
public sealed class RawRequest(string head, string body, Stream stream, Socket socket)
{
    private readonly TaskCompletionSource _answered = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Head => head;

    public string Body => body;

    public string Line => head.Split("\r\n")[0];

    public Task Answered => _answered.Task;

    public bool IsClosed { get; private set; }

    /// <summary>Whether the client has hung up.</summary>
    public bool IsAbandoned => socket.Poll(0, SelectMode.SelectRead) && socket.Available == 0;

    public string? Header(string name) => Header(head, name);

    public static string? Header(string head, string name) => head.Split("\r\n").Skip(1)
        .Where(line => line.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase))
        .Select(line => line[(name.Length + 1)..].Trim()).FirstOrDefault();

    /// <summary>Sends a whole answer; the connection stays open for the next request.</summary>
    public async Task SendAsync(string answer)
    {
        await WriteAsync(answer);
        _answered.TrySetResult();
    }

    /// <summary>Sends a part of an answer.</summary>
    public async Task WriteAsync(string part) => await stream.WriteAsync(Encoding.UTF8.GetBytes(part));

    /// <summary>Closes the connection, also in the middle of an answer.</summary>
    public void Close() => End(close: true);

    /// <summary>Ends the connection with a reset.</summary>
    public void Reset()
    {
        socket.LingerState = new(true, 0);
        Close();
    }

    /// <summary>The answer is complete; the connection ends, or waits for the next request.</summary>
    public void End(bool close)
    {
        IsClosed = close;
        _answered.TrySetResult();
    }
}
