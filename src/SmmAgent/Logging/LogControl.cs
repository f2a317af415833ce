using Serilog.Core;
using Serilog.Events;

namespace SmmAgent.Logging;

/// <summary>The log level of the process in the words of syslog(3), which can be changed while the process runs.</summary>
/// <param name="level">The level.</param>
/// <param name="target">Where the log goes: <c>journal</c> or <c>console</c>.</param>
public sealed class LogControl(LoggingLevelSwitch level, string target)
{
    // Serilog has fewer levels. The first word of a level is the one that is returned.
    private static readonly (string Word, LogEventLevel Level)[] Words =
    [
        ("debug", LogEventLevel.Debug),
        ("info", LogEventLevel.Information),
        ("notice", LogEventLevel.Information),
        ("warning", LogEventLevel.Warning),
        ("err", LogEventLevel.Error),
        ("crit", LogEventLevel.Fatal),
        ("alert", LogEventLevel.Fatal),
        ("emerg", LogEventLevel.Fatal),
    ];

    public string Target => target;

    public string Level => Words.First(word => word.Level >= level.MinimumLevel).Word;

    /// <summary>Changes the level.</summary>
    /// <param name="word">One of the words of syslog(3).</param>
    /// <param name="log">Logs the change. It is called while the level admits the message.</param>
    /// <exception cref="ArgumentException">The word is not a level.</exception>
    public void Set(string word, Action<string, string> log)
    {
        var wanted = Words.FirstOrDefault(known => known.Word == word);
        if (wanted.Word is null)
            throw new ArgumentException($"the level must be one of {string.Join(", ", Words.Select(known => known.Word))}");

        var before = Level;
        if (level.MinimumLevel > LogEventLevel.Information)
            level.MinimumLevel = LogEventLevel.Information;
        log(word, before);
        level.MinimumLevel = wanted.Level;
    }
}
