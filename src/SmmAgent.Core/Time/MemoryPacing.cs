namespace SmmAgent.Core.Time;

/// <summary>Decides when unused memory is returned to the system: after work that made the heap grow, at most once a minute.</summary>
/// <remarks>
/// A return stops every thread for some milliseconds, and the dropped pages must be mapped again. So work that is repeated every few
/// seconds leads to one return a minute.
/// </remarks>
public sealed class MemoryPacing
{
    /// <summary>
    /// The growth in bytes since the last return that makes another one due. An idle agent grows by it in two minutes, and needs another
    /// megabyte of pages of the program by then.
    /// </summary>
    public const long Growth = 256 * 1024;

    /// <summary>The pause after the growth was seen: the work that caused it has probably ended by then.</summary>
    public static readonly TimeSpan Quiet = TimeSpan.FromSeconds(5);

    /// <summary>The time between two returns.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private (TimeSpan At, long Bytes)? _returned;
    private TimeSpan? _grewAt;

    /// <summary>Records a return.</summary>
    /// <param name="bytes">The memory in use after it.</param>
    public void Returned(TimeSpan now, long bytes) => (_returned, _grewAt) = ((now, bytes), null);

    /// <returns>The time until memory should be returned, zero for now; null while it has not grown.</returns>
    public TimeSpan? DueIn(TimeSpan now, long bytes)
    {
        if (_returned is not { } last)
            return TimeSpan.Zero;

        // Another part of the program may have returned memory.
        if (bytes < last.Bytes)
            _returned = last with { Bytes = bytes };
        if (bytes - last.Bytes < Growth)
        {
            _grewAt = null;
            return null;
        }

        _grewAt ??= now;
        var due = _grewAt.Value + Quiet;
        var earliest = last.At + Interval;
        return (due > earliest ? due : earliest) is var at && at > now ? at - now : TimeSpan.Zero;
    }
}
