using System.Net.Sockets;
using Serilog.Core;
using Serilog.Events;

namespace SmmAgent.Logging;

/// <summary>
/// Writes to journald, with each property of an event as a separate field. Events that journald rejects go to the console.
/// </summary>
public sealed class JournalSink : ILogEventSink, IDisposable
{
    /// <summary>The socket of journald.</summary>
    public const string SocketPath = "/run/systemd/journal/socket";

    private const int MaximumValue = 48 * 1024;
    private const int ShortValue = 1024;

    // A blocked journal must not delay the agent for long.
    private const int SendTimeoutMilliseconds = 200;

    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified)
    {
        SendTimeout = SendTimeoutMilliseconds,
    };
    private readonly UnixDomainSocketEndPoint _journal;
    private readonly ILogEventSink _fallback;
    private readonly LoggingLevelSwitch _level;

    public JournalSink(string socketPath, LoggingLevelSwitch level, ILogEventSink fallback) =>
        (_journal, _level, _fallback) = (new UnixDomainSocketEndPoint(socketPath), level, fallback);

    public void Emit(LogEvent logEvent)
    {
        var message = LogText.Render(logEvent, whole: _level.MinimumLevel <= LogEventLevel.Debug);
        if (!Send(JournalMessage.Write(logEvent, message, MaximumValue)) && !Send(JournalMessage.Write(logEvent, message, ShortValue)))
            _fallback.Emit(logEvent);
    }

    public void Dispose() => _socket.Dispose();

    private bool Send(byte[] datagram)
    {
        try
        {
            return _socket.SendTo(datagram, _journal) == datagram.Length;
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            return false;
        }
    }
}
