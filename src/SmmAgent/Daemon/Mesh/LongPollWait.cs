namespace SmmAgent.Daemon.Mesh;

/// <summary>How long a request for the mesh configuration may stay open: shorter where something on the way ends it before its time.</summary>
internal sealed class LongPollWait
{
    /// <summary>The shortest wait. What ends requests sooner than that would end any answer that is slow.</summary>
    public static readonly TimeSpan Minimum = TimeSpan.FromSeconds(5);

    /// <summary>How often a longer wait is tried again.</summary>
    public static readonly TimeSpan ProbeEvery = TimeSpan.FromDays(1);

    private readonly TimeSpan _most;
    private readonly TimeProvider _time;
    private TimeSpan _wait;
    private long _since;

    public LongPollWait(TimeSpan most, TimeProvider time) => (_most, _wait, _time) = (most, most, time);

    /// <summary>The wait of the next request.</summary>
    public TimeSpan Next() => _wait < _most && _time.GetElapsedTime(_since) >= ProbeEvery ? Longer() : _wait;

    /// <summary>A request with this wait was ended after a time, and a short one has worked since.</summary>
    /// <returns>Whether this is the first time, which is worth a line in the log.</returns>
    public bool WasCut(TimeSpan wait, TimeSpan after)
    {
        _since = _time.GetTimestamp();
        if (wait > _wait)
            return false; // what was tried again still does not work

        var isFirst = _wait == _most;
        do
            _wait /= 2;
        while (_wait >= after);
        if (_wait < Minimum)
            _wait = Minimum;
        return isFirst;
    }

    /// <summary>A request with this wait was answered.</summary>
    public void Worked(TimeSpan wait)
    {
        if (wait <= _wait)
            return;

        (_wait, _since) = (wait, _time.GetTimestamp());
    }

    private TimeSpan Longer() => _wait * 2 < _most ? _wait * 2 : _most;
}
