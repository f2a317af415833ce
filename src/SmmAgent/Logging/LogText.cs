using Serilog.Events;
using Serilog.Formatting.Display;
using SmmAgent.Contract;

namespace SmmAgent.Logging;

/// <summary>Formats a log event as text.</summary>
public static class LogText
{
    private static readonly MessageTemplateTextFormatter Message = new("{Message:lj}");

    /// <param name="whole">Whether an exception is written with its stack trace on separate lines; otherwise as <c>Type:
    /// message</c>.</param>
    public static string Render(LogEvent logEvent, bool whole)
    {
        using var writer = new StringWriter();
        Message.Format(logEvent, writer);
        // Text from other programs must not look like a line of the agent.
        var text = OneLine.ReplaceUnprintable(writer.ToString());
        return logEvent.Exception switch
        {
            null => text,
            var exception when whole => $"{text}\n{OneLine.ReplaceUnprintableInLines(exception.ToString())}",
            var exception => $"{text}: {OneLine.ReplaceUnprintable(Cause(exception))}",
        };
    }

    /// <summary>An exception and its causes, the innermost last, without stack traces.</summary>
    public static string Cause(Exception exception)
    {
        var text = $"{exception.GetType().Name}: {exception.Message}";
        return exception.InnerException is { } inner ? $"{text}; caused by {Cause(inner)}" : text;
    }

    /// <summary>
    /// The prefix of the <c>EventName</c> of a <c>LoggerMessage</c> with level notice, between information and warning, which .NET lacks.
    /// </summary>
    public const string Notice = "Notice.";

    /// <summary>The priority of syslog.</summary>
    public static int Priority(LogEvent logEvent) => logEvent.Level switch
    {
        LogEventLevel.Fatal => 2,
        LogEventLevel.Error => 3,
        LogEventLevel.Warning => 4,
        LogEventLevel.Information => IsNotice(logEvent) ? 5 : 6,
        _ => 7,
    };

    public static bool IsNotice(LogEvent logEvent) =>
        logEvent.Properties.GetValueOrDefault("EventId") is StructureValue id
        && id.Properties.Any(property =>
            property is { Name: "Name", Value: ScalarValue { Value: string name } } && name.StartsWith(Notice, StringComparison.Ordinal));
}
