using SmmAgent.Core.Time;

namespace SmmAgent.Daemon.Loop;

/// <summary>
/// Schedules one kind of call: after an interval, at once if its subject changed, and after a growing delay if it failed.
/// </summary>
internal sealed class CallSchedule(TimeProvider time, RetryDelay retry)
{
    private object? _subject;
    private int _failures;
    private readonly long _start = time.GetTimestamp();
    private TimeSpan _due;
    private TimeSpan _notBefore;

    // Not the time of day, which may be set back by years.
    private TimeSpan Now => time.GetElapsedTime(_start);

    /// <summary>Whether the last call failed.</summary>
    public bool HasFailed => _failures > 0;

    /// <summary>The time until the call is due; zero if it is due.</summary>
    public TimeSpan Until(object subject)
    {
        var due = Equals(subject, _subject) ? _due : TimeSpan.Zero;
        due = due > _notBefore ? due : _notBefore;
        var wait = due - Now;
        return wait > TimeSpan.Zero ? wait : TimeSpan.Zero;
    }

    /// <summary>
    /// Records a success: the next call is due after the interval or when the subject changes, but not before the pause is over.
    /// </summary>
    public void RecordSuccess(object subject, TimeSpan interval, TimeSpan pause)
    {
        var now = Now;
        (_subject, _failures, _due, _notBefore) = (subject, 0, now + interval, now + pause);
    }

    /// <summary>Records a failure: the next call is due after a growing delay.</summary>
    public void RecordFailure(TimeSpan? retryAfter)
    {
        _failures++;
        _subject = null;
        _notBefore = Now + retry.After(_failures, retryAfter);
    }
}
