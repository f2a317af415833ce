using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using SmmAgent.Contract;

namespace SmmAgent.Linux.Systemd;

/// <summary>Reports the state of the service to systemd: sd_notify(3). Without NOTIFY_SOCKET it sends nothing.</summary>
/// <remarks>
/// It never blocks and never throws: a service must not stop because its manager hangs. The notifier of
/// Microsoft.Extensions.Hosting.Systemd is not used: it blocks, throws, and supports neither WATCHDOG nor RELOADING.
/// </remarks>
public sealed class ServiceNotifier : IDisposable
{
    private readonly Socket? _socket;
    private readonly UnixDomainSocketEndPoint? _manager;

    /// <param name="socketPath">
    /// A path, or <c>@</c> and the name of an abstract socket; with null or another family nothing is sent.
    /// </param>
    /// <param name="watchdog">The time within which systemd expects a sign of life.</param>
    public ServiceNotifier(string? socketPath, TimeSpan? watchdog)
    {
        Watchdog = watchdog;
        _manager = EndPoint(socketPath);
        if (_manager is not null)
            _socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { Blocking = false };
    }

    public bool IsEnabled => _socket is not null;

    /// <summary>The time within which systemd expects a <see cref="SignOfLife"/>; null without a watchdog.</summary>
    public TimeSpan? Watchdog { get; }

    /// <param name="variable">Reads an environment variable.</param>
    public static ServiceNotifier FromEnvironment(Func<string, string?> variable) =>
        new(variable("NOTIFY_SOCKET"), ParseWatchdog(variable("WATCHDOG_USEC"), variable("WATCHDOG_PID")));

    /// <summary>The service works.</summary>
    /// <returns>Whether it was sent; true without a socket.</returns>
    public bool Ready(string status) => Send($"READY=1\nSTATUS={OneLine.ReplaceUnprintable(status)}");

    /// <summary>The line that <c>systemctl status</c> shows.</summary>
    public bool Status(string status) => Send($"STATUS={OneLine.ReplaceUnprintable(status)}");

    /// <summary>The sign of life that the watchdog waits for.</summary>
    public bool SignOfLife() => Send("WATCHDOG=1");

    /// <summary>A reload began. <see cref="Ready"/> must follow, also after a failure.</summary>
    public bool Reloading()
    {
        // systemd compares with its own clock: CLOCK_MONOTONIC, which Stopwatch reads on Linux.
        var microseconds = Stopwatch.GetTimestamp() / (Stopwatch.Frequency / 1_000_000);
        return Send(string.Create(CultureInfo.InvariantCulture, $"RELOADING=1\nMONOTONIC_USEC={microseconds}"));
    }

    /// <summary>The service is about to end.</summary>
    public bool Stopping(string status) => Send($"STOPPING=1\nSTATUS={OneLine.ReplaceUnprintable(status)}");

    public void Dispose() => _socket?.Dispose();

    private static UnixDomainSocketEndPoint? EndPoint(string? path)
    {
        if (path is not ['/' or '@', _, ..])
            return null;

        try
        {
            return new UnixDomainSocketEndPoint(path[0] == '@' ? $"\0{path[1..]}" : path);
        }
        catch (ArgumentOutOfRangeException)
        {
            return null; // longer than a socket's path can be
        }
    }

    private static TimeSpan? ParseWatchdog(string? microseconds, string? pid)
    {
        var isForUs = string.IsNullOrEmpty(pid) || pid == Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        return isForUs
            && long.TryParse(microseconds, NumberStyles.None, CultureInfo.InvariantCulture, out var value)
            && value is > 0 and < long.MaxValue / 10
                ? TimeSpan.FromTicks(value * TimeSpan.TicksPerMicrosecond)
                : null;
    }

    private bool Send(string message)
    {
        if (_socket is null)
            return true;

        try
        {
            _socket.SendTo(Encoding.UTF8.GetBytes(message), _manager!);
            return true;
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            return false; // Full, or absent while systemd re-executes itself. The next message repeats the state.
        }
    }
}
