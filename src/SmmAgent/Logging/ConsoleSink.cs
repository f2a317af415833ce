using System.Globalization;
using Serilog.Core;
using Serilog.Events;

namespace SmmAgent.Logging;

/// <summary>The format of lines on the console.</summary>
public enum ConsoleStyle
{
    /// <summary><c>12:30:01 WARN  text</c>, for people.</summary>
    Plain,

    /// <summary>The same with a colour for the level.</summary>
    Coloured,

    /// <summary><c>&lt;4&gt;text</c>, which journald takes from a service's output (sd-daemon(3)).</summary>
    Journal,
}

/// <summary>Writes to the console.</summary>
public sealed class ConsoleSink(TextWriter output, ConsoleStyle style, LoggingLevelSwitch level) : ILogEventSink
{
    public void Emit(LogEvent logEvent)
    {
        var text = LogText.Render(logEvent, whole: level.MinimumLevel <= LogEventLevel.Debug);
        output.WriteLine(style == ConsoleStyle.Journal ? WithPriority(logEvent, text) : WithTime(logEvent, text));
        output.Flush();
    }

    // Every line becomes a separate entry of the journal.
    private static string WithPriority(LogEvent logEvent, string text)
    {
        var prefix = string.Create(CultureInfo.InvariantCulture, $"<{LogText.Priority(logEvent)}>");
        return prefix + text.Replace("\n", "\n" + prefix, StringComparison.Ordinal);
    }

    private string WithTime(LogEvent logEvent, string text)
    {
        var (name, colour) = logEvent.Level switch
        {
            LogEventLevel.Fatal => ("FATAL", 31),
            LogEventLevel.Error => ("ERROR", 31),
            LogEventLevel.Warning => ("WARN ", 33),
            LogEventLevel.Information => (LogText.IsNotice(logEvent) ? "NOTE " : "INFO ", 32),
            _ => ("DEBUG", 90),
        };
        var shown = style == ConsoleStyle.Coloured ? $"\e[{colour}m{name}\e[0m" : name;
        return string.Create(CultureInfo.InvariantCulture, $"{logEvent.Timestamp:HH:mm:ss} {shown} {text}");
    }
}
