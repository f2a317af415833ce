using System.Net;
using System.Net.Sockets;
using SmmAgent.Testbed;

namespace SmmDashboard.Tests.Running;

/// <summary>The dashboard as a separate process with a limit on its open files.</summary>
public sealed class DashboardProcess : IAsyncDisposable
{
    private readonly TestbedProcess _process;

    private DashboardProcess(TestbedProcess process, TemporaryFolder folder, Uri baseAddress) =>
        (_process, Folder, BaseAddress) = (process, folder, baseAddress);

    public TemporaryFolder Folder { get; }

    public Uri BaseAddress { get; }

    public bool HasExited => _process.HasExited;

    public string Output => _process.Output;

    public static async Task<DashboardProcess> StartAsync(int openFiles, params string[] options)
    {
        var folder = new TemporaryFolder();
        var mesh = folder.Write("mesh.yaml", new MeshYaml().ToString());
        string[] command = ["sh", "-c", $"ulimit -n {openFiles} && exec \"$@\"", "sh", .. Programs.Dashboard, "--mesh", mesh, "--listen",
            "http://127.0.0.1:0", .. options];
        var process = new TestbedProcess(command);
        const string Listening = "Listening on ";
        string? line = null;
        await Until.TrueAsync(
            () => (line = process.Lines.FirstOrDefault(one => one.Contains(Listening, StringComparison.Ordinal))) is not null
                || (process.HasExited ? throw new InvalidOperationException(process.Output) : false),
            "the dashboard listens", lastSeen: () => process.Output);
        var address = line![(line!.IndexOf(Listening, StringComparison.Ordinal) + Listening.Length)..].Split(',')[0];
        return new DashboardProcess(process, folder, new Uri(address));
    }

    /// <summary>A connection from an address of this host.</summary>
    public async Task<Socket> ConnectAsync(string from = "127.0.0.1")
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Parse(from), 0));
        await socket.ConnectAsync(IPAddress.Loopback, BaseAddress.Port, TestContext.Current.CancellationToken);
        return socket;
    }

    /// <summary>Whether a client from 127.0.0.1 is served over a new connection.</summary>
    public async Task<bool> IsServingAsync(TimeSpan? patience = null)
    {
        using var client = new HttpClient(
            new SocketsHttpHandler { UseProxy = false })
        { BaseAddress = BaseAddress, Timeout = patience ?? TimeSpan.FromSeconds(5) };
        try
        {
            return await client.GetStringAsync("/healthz", TestContext.Current.CancellationToken) == "ok";
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException)
        {
            return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        Folder.Dispose();
    }
}
