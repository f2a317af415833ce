using Serilog.Events;
using Serilog.Formatting.Display;
using SmmAgent.Contract;

namespace SmmAgent.Logging;

/// <summary>One log event as the text that people read.</summary>
public static class LogText
{
    private static readonly MessageTemplateTextFormatter Message = new("{Message:lj}");

    /// <param name="whole">Whether an exception is told with its stack trace, on lines of their own; else <c>Type: message</c>.</param>
    public static string Render(LogEvent logEvent, bool whole)
    {
        using var writer = new StringWriter();
        Message.Format(logEvent, writer);
        // What others send must not look like a line of ours.
        var text = OneLine.Exact(writer.ToString());
        return logEvent.Exception switch
        {
            null => text,
            var exception when whole => $"{text}\n{OneLine.ExactLines(exception.ToString())}",
            var exception => $"{text}: {OneLine.Exact(Cause(exception))}",
        };
    }

    /// <summary>An exception and what caused it, the innermost last, without their stack traces.</summary>
    public static string Cause(Exception exception)
    {
        var text = $"{exception.GetType().Name}: {exception.Message}";
        return exception.InnerException is { } inner ? $"{text}; caused by {Cause(inner)}" : text;
    }

    /// <summary>How the <c>EventName</c> of a <c>LoggerMessage</c> begins whose level is notice, between information and warning: .NET has no such level.</summary>
    public const string Notice = "Notice.";

    /// <summary>The journal's priority, as syslog has it.</summary>
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
        && id.Properties.Any(property => property is { Name: "Name", Value: ScalarValue { Value: string name } } && name.StartsWith(Notice, StringComparison.Ordinal));
}
