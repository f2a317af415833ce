namespace SmmAgent.Daemon.Mesh;

/// <summary>The wait of a request for the mesh configuration: shorter if a proxy or firewall in between cuts off long requests.</summary>
internal sealed class LongPollWait
{
    /// <summary>The shortest wait. A device that cuts off requests sooner would also cut off slow answers.</summary>
    public static readonly TimeSpan Minimum = TimeSpan.FromSeconds(5);

    /// <summary>The interval at which a longer wait is tried again.</summary>
    public static readonly TimeSpan ProbeEvery = TimeSpan.FromDays(1);

    private readonly TimeSpan _most;
    private readonly TimeProvider _time;
    private TimeSpan _wait;
    private long _since;

    public LongPollWait(TimeSpan most, TimeProvider time) => (_most, _wait, _time) = (most, most, time);

    /// <summary>The wait of the next request.</summary>
    public TimeSpan Next() => _wait < _most && _time.GetElapsedTime(_since) >= ProbeEvery ? Longer() : _wait;

    /// <summary>Records that a request with this wait was cut off after a time, and that a short one has worked since.</summary>
    /// <returns>Whether this is the first time, which is logged.</returns>
    public bool WasCut(TimeSpan wait, TimeSpan after)
    {
        _since = _time.GetTimestamp();
        if (wait > _wait)
            return false; // the longer wait still does not work

        var isFirst = _wait == _most;
        do
            _wait /= 2;
        while (_wait >= after);
        if (_wait < Minimum)
            _wait = Minimum;
        return isFirst;
    }

    /// <summary>Records that a request with this wait was answered.</summary>
    public void Worked(TimeSpan wait)
    {
        if (wait <= _wait)
            return;

        (_wait, _since) = (wait, _time.GetTimestamp());
    }

    private TimeSpan Longer() => _wait * 2 < _most ? _wait * 2 : _most;
}
