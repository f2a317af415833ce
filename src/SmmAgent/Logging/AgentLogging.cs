using Serilog;
using Serilog.Core;
using Serilog.Events;

namespace SmmAgent.Logging;

/// <summary>Where a process' output goes, as far as it matters for logging.</summary>
/// <param name="Variable">Reads an environment variable.</param>
/// <param name="IsTerminal">Whether <paramref name="Output"/> is a terminal.</param>
/// <param name="OutputLinks">What /proc/self/fd/1 and 2 link to.</param>
public sealed record LogTarget(TextWriter Output, bool IsTerminal, Func<string, string?> Variable, IReadOnlyList<string?> OutputLinks)
{
    /// <summary>Where journald listens.</summary>
    public string JournalSocket { get; init; } = JournalSink.SocketPath;

    /// <summary>This process: it logs to its standard error.</summary>
    public static LogTarget Process() => new(
        Console.Error,
        !Console.IsErrorRedirected,
        Environment.GetEnvironmentVariable,
        [new FileInfo("/proc/self/fd/1").LinkTarget, new FileInfo("/proc/self/fd/2").LinkTarget]);

    /// <summary>Whether our output is the journal's. A shell that a service started has JOURNAL_STREAM too, but another output.</summary>
    public bool IsJournal =>
        Variable("JOURNAL_STREAM")?.Split(':') is [_, var inode] && OutputLinks.Contains($"socket:[{inode}]");

    public bool HasColour => IsColourful(IsTerminal, Variable);

    /// <summary>Whether escape sequences may be written: to a terminal, and one that TERM names. Package managers run their scripts on a terminal of their own without TERM, and keep what comes in a log.</summary>
    public static bool IsColourful(bool isTerminal, Func<string, string?> variable) =>
        isTerminal && string.IsNullOrEmpty(variable("NO_COLOR")) && variable("TERM") is not (null or "" or "dumb");
}

/// <summary>Serilog, set up in code: reading its settings from a file does not survive NativeAOT.</summary>
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
