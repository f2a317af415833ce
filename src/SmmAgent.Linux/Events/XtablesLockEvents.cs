namespace SmmAgent.Linux.Events;

/// <summary>Every call of iptables-legacy that may change rules. The legacy backend has no other event.</summary>
/// <remarks>
/// It fires when a call lets go of the lock, so the new rules are there; and before the lock exists, when it is made.
/// The lock must be readable: it is root's with mode 0600 unless tmpfiles.d says otherwise.
/// </remarks>
public sealed class XtablesLockEvents(string path = "/run/xtables.lock") : EventSource("xtables lock events", HostChange.Firewall)
{
    private PathWatch? _watch;

    public override int Descriptor => _watch!.Descriptor;

    public override void Open()
    {
        _watch = new([path], PathWatch.Opened);
        _watch.Place();
    }

    public override HostChange Drain() => _watch!.Drain() ? Change : HostChange.None;

    public override void Close() => _watch?.Dispose();
}
