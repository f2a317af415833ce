using Serilog;
using Serilog.Core;
using Serilog.Events;

namespace SmmAgent.Logging;

/// <summary>The output of a process as a target of logging.</summary>
/// <param name="Variable">Reads an environment variable.</param>
/// <param name="IsTerminal">Whether <paramref name="Output"/> is a terminal.</param>
/// <param name="OutputLinks">What /proc/self/fd/1 and 2 link to.</param>
public sealed record LogTarget(TextWriter Output, bool IsTerminal, Func<string, string?> Variable, IReadOnlyList<string?> OutputLinks)
{
    /// <summary>The socket of journald.</summary>
    public string JournalSocket { get; init; } = JournalSink.SocketPath;

    /// <summary>This process, which logs to its standard error.</summary>
    public static LogTarget Process() => new(
        Console.Error,
        !Console.IsErrorRedirected,
        Environment.GetEnvironmentVariable,
        [new FileInfo("/proc/self/fd/1").LinkTarget, new FileInfo("/proc/self/fd/2").LinkTarget]);

    /// <summary>Whether the output goes to the journal. A shell started by a service also has JOURNAL_STREAM, but another output.</summary>
    public bool IsJournal =>
        Variable("JOURNAL_STREAM")?.Split(':') is [_, var inode] && OutputLinks.Contains($"socket:[{inode}]");

    public bool HasColour => IsColourful(IsTerminal, Variable);

    /// <summary>
    /// Whether escape sequences may be written: only to a terminal with TERM. Package managers run their scripts on a terminal without TERM
    /// and log the output.
    /// </summary>
    public static bool IsColourful(bool isTerminal, Func<string, string?> variable) =>
        isTerminal && string.IsNullOrEmpty(variable("NO_COLOR")) && variable("TERM") is not (null or "" or "dumb");
}

/// <summary>Configures Serilog in code: its configuration from a file does not work with NativeAOT.</summary>
public static class AgentLogging
{
    public static Logger Create(LogTarget target, LoggingLevelSwitch level) => new LoggerConfiguration()
        .MinimumLevel.ControlledBy(level)
        .MinimumLevel.Override("Microsoft", LogEventLevel.Warning)
        .MinimumLevel.Override("System", LogEventLevel.Warning)
        .WriteTo.Sink(Sink(target, level))
        .CreateLogger();

    private static ILogEventSink Sink(LogTarget target, LoggingLevelSwitch level)
    {
        if (!target.IsJournal)
            return new ConsoleSink(target.Output, target.HasColour ? ConsoleStyle.Coloured : ConsoleStyle.Plain, level);

        var console = new ConsoleSink(target.Output, ConsoleStyle.Journal, level);
        return File.Exists(target.JournalSocket) ? new JournalSink(target.JournalSocket, level, console) : console;
    }
}
