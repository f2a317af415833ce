using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace MeshStandIn;

/// <summary>Behaviours of a listener on a connection.</summary>
public static class Behaviours
{
    /// <summary>A TLS server that sends nothing until the peer disconnects.</summary>
    public static ServeConnection Tls(X509Certificate2 certificate, bool clientCertificateRequired = false) => async (connection, cancel) =>
    {
        await using var tls = new SslStream(new NetworkStream(connection));
        await tls.AuthenticateAsServerAsync(
            new SslServerAuthenticationOptions
            {
                ServerCertificate = certificate,
                ClientCertificateRequired = clientCertificateRequired,
                RemoteCertificateValidationCallback = (_, shown, _, _) => !clientCertificateRequired || shown is not null,
            },
            cancel);
        await tls.CopyToAsync(Stream.Null, cancel);
    };

    /// <summary>An HTTP server inside TLS.</summary>
    public static ServeConnection Https(X509Certificate2 certificate, Func<HttpQuestion, string> answer) => async (connection, cancel) =>
    {
        await using var tls = new SslStream(new NetworkStream(connection));
        await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = certificate }, cancel);
        await AnswerAsync(tls, connection, answer, cancel);
    };

    /// <summary>
    /// An HTTP server that answers each connection's one request with the text that <paramref name="answer"/> makes, head and body.
    /// </summary>
    public static ServeConnection Http(Func<HttpQuestion, string> answer) => async (connection, cancel) =>
    {
        await using var stream = new NetworkStream(connection);
        await AnswerAsync(stream, connection, answer, cancel);
    };

    /// <summary>Port 15021: 200 on <c>/healthz/ready</c>, or 503 while it is not ready.</summary>
    public static ServeConnection Health(Func<bool> isReady) => Http(question => question.Path switch
    {
        "/healthz/ready" when isReady() => Response("200 OK", "ok\n"),
        "/healthz/ready" => Response("503 Service Unavailable", "not ready\n"),
        _ => Response("404 Not Found", ""),
    });

    /// <summary>Returns the address of the client at <c>/ip</c>.</summary>
    public static ServeConnection Echo() => Http(question =>
        question.Path == "/ip" ? Response("200 OK", $"{question.Client}\n") : Response("404 Not Found", ""));

    /// <summary>Forwards everything to another server.</summary>
    public static ServeConnection Forward(string host, int port) => async (connection, cancel) =>
    {
        using var other = new TcpClient();
        await other.ConnectAsync(host, port, cancel);
        await using var near = new NetworkStream(connection);
        await using var far = other.GetStream();
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        await Task.WhenAny(near.CopyToAsync(far, end.Token), far.CopyToAsync(near, end.Token));
        await end.CancelAsync();
    };

    /// <summary>Sends bytes to every client, and closes the connection.</summary>
    public static ServeConnection Say(string text) => async (connection, cancel) =>
    {
        await connection.SendAsync(Encoding.ASCII.GetBytes(text), cancel);
        connection.Shutdown(SocketShutdown.Send);
        await DrainAsync(connection, cancel);
    };

    /// <summary>Accepts, waits for the first bytes and resets the connection.</summary>
    public static ServeConnection Reset() => async (connection, cancel) =>
    {
        await connection.ReceiveAsync(new byte[1], cancel);
        connection.LingerState = new LingerOption(true, 0);
    };

    /// <summary>Accepts and sends nothing.</summary>
    public static ServeConnection Silence() => DrainAsync;

    public static string Response(string status, string body, string contentType = "text/plain", string headers = "") =>
        $"HTTP/1.1 {status}\r\nContent-Type: {contentType}\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\nConnection: "
        + $"close\r\n{headers}\r\n{body}";

    private static async Task AnswerAsync(Stream stream, Socket connection, Func<HttpQuestion, string> answer, CancellationToken cancel)
    {
        var head = new StringBuilder();
        var buffer = new byte[1024];
        while (!head.ToString().Contains("\r\n\r\n", StringComparison.Ordinal))
        {
            var length = await stream.ReadAsync(buffer, cancel);
            if (length == 0 || head.Length > 16 * 1024)
                return;
            head.Append(Encoding.ASCII.GetString(buffer, 0, length));
        }

        var text = head.ToString();
        var client = ((IPEndPoint)connection.RemoteEndPoint!).Address;
        var question = new HttpQuestion(
            text.Split(' ') is [_, var path, ..] ? path : "", text, client.IsIPv4MappedToIPv6 ? client.MapToIPv4() : client);
        await stream.WriteAsync(Encoding.UTF8.GetBytes(answer(question)), cancel);
        connection.Shutdown(SocketShutdown.Send);
        await DrainAsync(connection, cancel);
    }

    private static async Task DrainAsync(Socket connection, CancellationToken cancel)
    {
        var buffer = new byte[1024];
        while (await connection.ReceiveAsync(buffer, cancel) > 0)
        {
        }
    }
}

/// <summary>A request: its path, its head, and the address of the client.</summary>
public sealed record HttpQuestion(string Path, string Head, IPAddress Client);
