using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using SmmAgent.Contract;
using SmmAgent.Daemon.Loop;
using SmmAgent.Linux.DBus;
using SmmAgent.Logging;

namespace SmmAgent.Daemon.Lifetime;

/// <summary>
/// Offers org.freedesktop.LogControl1 on the system bus, so that <c>systemctl service-log-level smm-agent debug</c> works without a
/// restart.
/// </summary>
/// <remarks>
/// Without a bus, or while its policy does not admit the name, the agent works as well; another attempt follows later. While the object is
/// offered nothing runs: the thread pool waits for a call, or for the end of the connection.
/// </remarks>
/// <param name="busAddress">Default: the system bus.</param>
public sealed class LogControlService(
    LoopContext context, LogControl control, ILogger<LogControlService> logger, string? busAddress = null) : LoopService(context)
{
    /// <summary>The name in <c>BusName=</c> of the unit and in the policy of the bus.</summary>
    public const string BusName = "io.smm_agent.Agent";

    public const string Path = "/org/freedesktop/LogControl1";

    public const string Interface = "org.freedesktop.LogControl1";

    private static readonly TimeSpan First = TimeSpan.FromSeconds(1);

    private readonly ExponentialBackoff _backoff = new(First, TimeSpan.FromMinutes(10), Jitter: 0);
    private BusConnection? _connection;
    private int _failures;

    /// <summary>Offers the object.</summary>
    /// <returns>The time until another attempt; infinite after a success.</returns>
    public override async Task<TimeSpan> StepAsync(CancellationToken cancel)
    {
        Close();
        try
        {
            _connection = BusConnection.Open(busAddress);
            await _connection.ExportAsync(BusName, Object(), cancel);
            _failures = 0;
            return Timeout.InfiniteTimeSpan;
        }
        // No failure of this optional part may end the daemon.
        catch (Exception exception) when (exception is IOException or SocketException)
        {
            Close();
            // Once, because a host without a bus, or without the policy, stays like that.
            if (_failures++ == 0)
                LogControlLog.NotOffered(logger, exception.Message);
            return _backoff.After(_failures, 0);
        }
    }

    protected override async Task RunAsync(CancellationToken cancel)
    {
        while (true)
        {
            var wait = await WorkAsync(StepAsync, cancel);
            if (_connection is { } connection)
            {
                await connection.DisconnectedAsync().WaitAsync(cancel);
                wait = First; // the bus is restarting
            }

            await Task.Delay(wait, Time, cancel);
        }
    }

    public override void Dispose()
    {
        Close();
        base.Dispose();
    }

    private BusObject Object() => new(Path, Interface,
    [
        new("LogLevel", () => control.Level, level => control.Set(level, (after, before) =>
            LogControlLog.LevelChanged(logger, after, before))),
        new("LogTarget", () => control.Target),
        new("SyslogIdentifier", () => "smm-agent"),
    ]);

    private void Close()
    {
        _connection?.Dispose();
        _connection = null;
    }
}

internal static partial class LogControlLog
{
    [LoggerMessage(EventId = 9004, EventName = LogText.Notice + nameof(LevelChanged), Level = LogLevel.Information,
        Message = "The log level is {Level} until the next start (was {Before})")]
    public static partial void LevelChanged(ILogger logger, string level, string before);

    [LoggerMessage(EventId = 9005, Level = LogLevel.Debug, Message = "Cannot offer the log level on the system bus: {Reason}")]
    public static partial void NotOffered(ILogger logger, string reason);
}
