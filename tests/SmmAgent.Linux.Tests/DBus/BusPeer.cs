using SmmAgent.Linux.DBus;
using Tmds.DBus.Protocol;

namespace SmmAgent.Linux.Tests.DBus;

/// <summary>A service on a bus, and what its only method does. It sends the signals that a test asks for.</summary>
internal sealed class BusPeer : IPathMethodHandler, IAsyncDisposable
{
    public const string Name = "org.example.Peer";

    private const string Interface = "org.example.Peer";

    private readonly DBusConnection _connection;
    private readonly Action<MethodContext>? _answer;

    private BusPeer(string address, Action<MethodContext>? answer) => (_connection, _answer) = (new(address), answer);

    public string Path => "/";

    public bool HandlesChildPaths => false;

    /// <summary>A call of the method.</summary>
    public static BusCall Call { get; } = new(Name, "/", Interface, "Do");

    /// <param name="answer">What to do with a call; null to never answer it.</param>
    /// <param name="name">The name on the bus.</param>
    public static async Task<BusPeer> StartAsync(string address, Action<MethodContext>? answer = null, string name = Name)
    {
        var peer = new BusPeer(address, answer);
        await peer._connection.ConnectAsync();
        peer._connection.AddMethodHandler(peer);
        await peer._connection.RequestNameAsync(name);
        return peer;
    }

    public ValueTask HandleMethodAsync(MethodContext context)
    {
        if (_answer is null)
            context.DisposesAsynchronously = true;
        else
            _answer(context);
        return default;
    }

    /// <summary>The names on the bus. The bus has handled all that was sent before when this answers.</summary>
    public Task<string[]> NamesAsync() => _connection.ListServicesAsync();

    /// <summary>Sends a signal with so many bytes, to all that asked for it or to one connection.</summary>
    public void SendSignal(int length, string? destination = null)
    {
        var signal = _connection.GetMessageWriter();
        signal.WriteSignalHeader(destination, "/", Interface, "Noise", "ay");
        signal.WriteArray(new byte[length]);
        Assert.True(_connection.TrySendMessage(signal.CreateMessage()));
    }

    public ValueTask DisposeAsync()
    {
        _connection.Dispose();
        return default;
    }
}
