using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;

namespace SmmDashboard.Tests.Running;

/// <summary>A sidecar that registers over real TLS.</summary>
public sealed class TestSidecar : IAsyncDisposable
{
    private readonly TcpClient _client;
    private readonly SslStream _stream;
    private readonly StreamReader _reader;

    private TestSidecar(TcpClient client, SslStream stream) => (_client, _stream, _reader) = (client, stream, new StreamReader(stream));

    public static async Task<TestSidecar> ConnectAsync(RunningDashboard dashboard, X509Certificate2? certificate = null)
    {
        var client = new TcpClient();
        await client.ConnectAsync(dashboard.RegistrationAddress, TestContext.Current.CancellationToken);
        var stream = new SslStream(client.GetStream());
        var handshake = stream.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = IPAddress.Loopback.ToString(),
                ClientCertificateContext = certificate is null ? null
                    : SslStreamCertificateContext.Create(certificate, null, offline: true),
                RemoteCertificateValidationCallback = (_, presented, _, _) =>
                    presented?.GetCertHashString() == TestCertificate.Any.Thumbprint,
            },
            TestContext.Current.CancellationToken);
        await Until.DoneAsync(handshake, "the dashboard takes its part in the handshake");
        return new TestSidecar(client, stream);
    }

    /// <summary>Gets a token as the agent does.</summary>
    public static async Task<string> TokenAsync(
        RunningDashboard dashboard, string group = RunningDashboard.Group, string token = MeshYaml.Token)
    {
        var call = new Call(HttpMethod.Post, $"{group}/tokens") { Body = """{"audience":"istio-ca"}""", Token = token };
        return (await call.SendAsync(dashboard)).Json.GetProperty("token").GetString()!;
    }

    public static string Request(
        string token,
        string address = "198.18.0.7",
        string group = "analytics-v0",
        string space = "vm-integration",
        string account = "default",
        string network = "vm-network-1",
        Guid? uuid = null,
        string? revision = null,
        string? clusterId = null)
    {
        var cluster = clusterId is null ? "null" : $"\"{clusterId}\"";
        var labels = revision is null ? "null" : $"{{\"istio.io/rev\":\"{revision}\"}}";
        var id = uuid is null ? "null" : $"\"{uuid}\"";
        return $$"""{"clusterId":{{cluster}},"labels":{{labels}},"token":"{{token}}","namespace":"{{space}}","group":"{{group}}","""
            + $$""" "serviceAccount":"{{account}}","address":"{{address}}","network":"{{network}}","uuid":{{id}}}""";
    }

    public async Task SendAsync(string line) =>
        await _stream.WriteAsync(Encoding.UTF8.GetBytes(line + "\n"), TestContext.Current.CancellationToken);

    /// <summary>The next line; null when the dashboard closed the connection.</summary>
    public async Task<string?> ReadAsync()
    {
        try
        {
            return await Until.DoneAsync(
                _reader.ReadLineAsync(TestContext.Current.CancellationToken).AsTask(), "the dashboard answers, or ends the connection");
        }
        catch (IOException)
        {
            return null; // A reset also ends the connection.
        }
    }

    public async Task<JsonElement> AskAsync(string line)
    {
        await SendAsync(line);
        return JsonDocument.Parse((await ReadAsync())!).RootElement;
    }

    public async ValueTask DisposeAsync()
    {
        await _stream.DisposeAsync();
        _client.Dispose();
    }
}
