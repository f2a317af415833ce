namespace SmmAgent.Linux.Events;

/// <summary>Every call of iptables-legacy that may change rules. The legacy backend has no other event.</summary>
/// <remarks>
/// There is an event when a call releases the lock, so the new rules are in effect, and when the lock is made. The lock must be
/// readable: it belongs to root with mode 0600 unless tmpfiles.d sets another owner or mode.
/// </remarks>
public sealed class XtablesLockEvents(string path = "/run/xtables.lock") : EventSource("xtables lock events", HostChange.Firewall)
{
    private PathWatch? _watch;

    public override int Descriptor => _watch!.Descriptor;

    public override void Open()
    {
        _watch = new([path], PathWatch.Opened);
        _watch.Refresh();
    }

    public override HostChange Drain() => _watch!.Drain() ? Change : HostChange.None;

    public override void Close() => _watch?.Dispose();
}
