using Microsoft.Extensions.Logging;
using SmmAgent.Core.Conditions;
using SmmAgent.Core.Sidecar.Status;
using SmmAgent.Logging;

namespace SmmAgent.Daemon.Privileged;

/// <summary>
/// Writes the failures of privileged reconciles to the daemon's journal. The journal of the privileged reconcile has each attempt.
/// </summary>
internal sealed class ReconcileFailureJournal(TimeProvider time, ILogger logger)
{
    private readonly DebouncedJournal<StepFailure> _journal = new();
    private readonly long _start = time.GetTimestamp();
    private IReadOnlyList<StepFailure> _known = [];

    /// <summary>When a message is due although no new report comes; null for never.</summary>
    public TimeSpan? Due => _journal.DueIn(time.GetElapsedTime(_start));

    /// <param name="failures">The failures of the last reconcile report.</param>
    public void Update(IReadOnlyList<StepFailure> failures)
    {
        var failing = failures.DistinctBy(Subject).ToList();
        // A failure that is no longer in the report is fixed.
        var done = _known.ExceptBy(failing.Select(Subject), Subject).ToList();
        var entries = failing.Select(
            failure => new JournalEntry<StepFailure>(Subject(failure), $"{failure.Reason}", JournalState.Bad, failure))
            .Concat(done.Select(failure => new JournalEntry<StepFailure>(Subject(failure), "", JournalState.Well, failure)));
        foreach (var line in _journal.Update(entries, time.GetElapsedTime(_start)))
            Write(line);
        _known = [.. failing, .. done.Where(failure => _journal.IsBad(Subject(failure)))];
    }

    private static string Subject(StepFailure failure) => $"{failure.Part.Text()} {failure.Subject}";

    private void Write(JournalLine<StepFailure> line)
    {
        var failure = line.Value;
        var (part, reason) = (failure.Part.Text(), $"{failure.Reason}");
        if (line.Level == JournalLevel.Notice)
        {
            ReconcileFailureLog.Recovered(logger, part, reason);
        }
        else if (line.State == JournalState.Bad)
        {
            var level = line.Level == JournalLevel.Warning ? LogLevel.Warning : LogLevel.Information;
            ReconcileFailureLog.Failed(logger, level, part, reason, failure.Message);
        }
    }
}

internal static partial class ReconcileFailureLog
{
    [LoggerMessage(EventId = 5101, Message = "Privileged reconcile failed: {Part} ({Reason}): {Detail}")]
    public static partial void Failed(ILogger logger, LogLevel level, string part, string reason, string detail);

    [LoggerMessage(EventId = 5102, EventName = LogText.Notice + nameof(Recovered), Level = LogLevel.Information,
        Message = "Privileged reconcile succeeded: {Part} (failed before: {Reason})")]
    public static partial void Recovered(ILogger logger, string part, string reason);
}
