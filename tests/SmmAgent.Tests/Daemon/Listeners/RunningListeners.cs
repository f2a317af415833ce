using System.Net;
using System.Net.Sockets;
using System.Text;
using SmmAgent.Core.Status;
using SmmAgent.Daemon.Listeners;
using SmmAgent.Daemon.Loop;

namespace SmmAgent.Tests.Daemon.Listeners;

/// <summary>The listeners on free ports of this machine.</summary>
internal sealed class RunningListeners : IAsyncDisposable
{
    private readonly ListenerService _service;

    private RunningListeners(TimeProvider time, EndpointPort[] ports) => _service = new ListenerService(ports, State, time, Log);

    public ObservableValue<ListenersState> State { get; } = new(ListenersState.Initial);

    public RecordingLogger<ListenerService> Log { get; } = new();

    public HttpClient Client { get; } = new(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false });

    public static async Task<RunningListeners> StartAsync(TimeProvider time, params EndpointPort[] ports)
    {
        var running = new RunningListeners(time, ports);
        await running._service.StartAsync(TestContext.Current.CancellationToken);
        return running;
    }

    public static Task<RunningListeners> StartAsync(HttpEndpoint site, ConnectionSlots? places = null) =>
        StartAsync(TimeProvider.System, new EndpointPort("agent", 0, site) { Places = places ?? new ConnectionSlots() });

    public int Port(string name = "agent") => State.Value.Listeners.Single(listener => listener.Name == name).Port;

    public Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, HttpContent? content = null) => Client.SendAsync(
        new HttpRequestMessage(method, $"http://127.0.0.1:{Port()}{path}") { Content = content }, TestContext.Current.CancellationToken);

    public async Task<(int Status, string Body)> GetAsync(string path)
    {
        using var response = await SendAsync(HttpMethod.Get, path);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    /// <summary>A connection from one of the loopback's addresses.</summary>
    public async Task<Socket> ConnectAsync(string from = "127.0.0.1")
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Parse(from), 0));
        await socket.ConnectAsync(IPAddress.Loopback, Port(), TestContext.Current.CancellationToken);
        return socket;
    }

    /// <summary>Whether a new connection is served. One that is not may already be reset while it is made.</summary>
    public async Task<bool> IsServedAsync(string from = "127.0.0.1")
    {
        try
        {
            using var socket = await ConnectAsync(from);
            return await AskAsync(socket) == "HTTP/1.1 200 OK";
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>Asks for /healthz on an open connection.</summary>
    /// <returns>The status line; empty when the connection was ended.</returns>
    public static async Task<string> AskAsync(Socket socket)
    {
        try
        {
            await socket.SendAsync("GET /healthz HTTP/1.1\r\nHost: vm\r\n\r\n"u8.ToArray(), TestContext.Current.CancellationToken);
            return (await ReadAsync(socket)).Split("\r\n")[0];
        }
        catch (SocketException)
        {
            return "";
        }
    }

    public static async Task<string> ReadAsync(Socket socket)
    {
        var buffer = new byte[4096];
        return Encoding.ASCII.GetString(buffer, 0, await socket.ReceiveAsync(buffer, TestContext.Current.CancellationToken));
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _service.StopAsync(CancellationToken.None);
        _service.Dispose();
    }
}
