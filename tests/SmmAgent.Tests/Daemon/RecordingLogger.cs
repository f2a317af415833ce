using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace SmmAgent.Tests.Daemon;

/// <summary>Keeps what the agent logged at Information or above.</summary>
internal sealed class RecordingLogger<T> : ILogger<T>, ILoggerFactory
{
    private readonly ConcurrentQueue<string> _lines = new();

    public IReadOnlyList<string> Lines => [.. _lines];

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _lines.Enqueue($"{logLevel}: {formatter(state, exception)}");

    // The framework logs much at Information, which the agent omits.
    public ILogger CreateLogger(string categoryName) =>
        categoryName.StartsWith("Microsoft", StringComparison.Ordinal) ? NullLogger.Instance : this;

    public void AddProvider(ILoggerProvider provider)
    {
    }

    public void Dispose()
    {
    }
}
