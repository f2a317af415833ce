using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using SmmAgent.Contract;

namespace SmmAgent.Linux.Systemd;

/// <summary>Tells systemd how the service does: sd_notify(3). Without NOTIFY_SOCKET it says nothing.</summary>
/// <remarks>
/// It never blocks and never throws: a service must not stand still because its manager does. Microsoft.Extensions.Hosting.Systemd's
/// notifier is not used: it blocks, throws, and knows neither WATCHDOG nor RELOADING.
/// </remarks>
public sealed class ServiceNotifier : IDisposable
{
    private readonly Socket? _socket;
    private readonly UnixDomainSocketEndPoint? _manager;

    /// <param name="socketPath">A path, or <c>@</c> and the name of an abstract socket; null or another family means that nobody listens.</param>
    /// <param name="watchdog">Within which time a sign of life is expected.</param>
    public ServiceNotifier(string? socketPath, TimeSpan? watchdog)
    {
        Watchdog = watchdog;
        _manager = EndPoint(socketPath);
        if (_manager is not null)
            _socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { Blocking = false };
    }

    public bool IsEnabled => _socket is not null;

    /// <summary>Within which time systemd wants <see cref="SignOfLife"/>; null when it does not watch.</summary>
    public TimeSpan? Watchdog { get; }

    /// <param name="variable">Reads an environment variable.</param>
    public static ServiceNotifier FromEnvironment(Func<string, string?> variable) =>
        new(variable("NOTIFY_SOCKET"), WatchdogOf(variable("WATCHDOG_USEC"), variable("WATCHDOG_PID")));

    /// <summary>The service works.</summary>
    /// <returns>Whether it was told; true when there is nobody to tell.</returns>
    public bool Ready(string status) => Send($"READY=1\nSTATUS={OneLine.Exact(status)}");

    /// <summary>What <c>systemctl status</c> shows.</summary>
    public bool Status(string status) => Send($"STATUS={OneLine.Exact(status)}");

    /// <summary>The sign of life that the watchdog waits for.</summary>
    public bool SignOfLife() => Send("WATCHDOG=1");

    /// <summary>A reload began. <see cref="Ready"/> must follow, whatever comes of it.</summary>
    public bool Reloading()
    {
        // systemd compares with its own clock: CLOCK_MONOTONIC, which is what Stopwatch reads on Linux.
        var microseconds = Stopwatch.GetTimestamp() / (Stopwatch.Frequency / 1_000_000);
        return Send(string.Create(CultureInfo.InvariantCulture, $"RELOADING=1\nMONOTONIC_USEC={microseconds}"));
    }

    /// <summary>The service is about to end.</summary>
    public bool Stopping(string status) => Send($"STOPPING=1\nSTATUS={OneLine.Exact(status)}");

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

    private static TimeSpan? WatchdogOf(string? microseconds, string? pid)
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
            return false; // full, or gone while systemd re-executes itself: the next message has the news again
        }
    }
}
