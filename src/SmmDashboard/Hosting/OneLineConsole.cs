using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;
using SmmAgent.Contract;

namespace SmmDashboard.Hosting;

/// <summary>
/// Formats log events like the simple console of .NET, one line each, and escapes control characters from clients and objects.
/// </summary>
internal sealed class OneLineConsole(TimeProvider clock) : ConsoleFormatter(FormatterName)
{
    public const string FormatterName = "one-line";
    private const string HostCategory = "Microsoft.Extensions.Hosting.Internal.Host";
    private const int HostingFailed = 11;

    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        // The error message of the process has the reason.
        if (logEntry is { EventId.Id: HostingFailed, Category: HostCategory })
            return;

        var time = TimeText.Format(clock.GetUtcNow());
        var message = logEntry.Formatter(logEntry.State, logEntry.Exception);
        var text = logEntry.Exception is { } exception ? $"{message} {exception}" : message;
        var source = string.Create(CultureInfo.InvariantCulture, $"{logEntry.Category}[event {logEntry.EventId.Id}]");
        textWriter.WriteLine($"{time} {Level(logEntry.LogLevel)}: {source} {OneLine.ReplaceUnprintable(text)}");
    }

    private static string Level(LogLevel level) => level switch
    {
        LogLevel.Critical => "crit",
        LogLevel.Error => "fail",
        LogLevel.Warning => "warn",
        LogLevel.Information => "info",
        LogLevel.Debug => "dbug",
        _ => "trce",
    };
}
