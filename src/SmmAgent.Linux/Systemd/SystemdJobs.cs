namespace SmmAgent.Linux.Systemd;

/// <summary>Jobs, and the signal that tells how each ended.</summary>
/// <remarks>With Restart= a new job follows one that failed, so it is the job that is waited for, and not a state of the unit.</remarks>
internal sealed class SystemdJobs(SystemdBus systemd)
{
    private const string JobRemoved = "JobRemoved";

    /// <summary>Instead of what is queued for the unit.</summary>
    private const string Replace = "replace";

    /// <summary>The jobs that ended since one is waited for, with systemd's word for it.</summary>
    private readonly Dictionary<string, string> _ended = [];

    private bool _isSubscribed;

    /// <returns>The job's object.</returns>
    public string Queue(UnitJob job, string unit)
    {
        using var reply = systemd.Call(systemd.NewCall($"{job}Unit").Add(unit).Add(Replace));
        return reply.ReadString('o');
    }

    /// <returns>systemd's word for the end, or that it is still to come; and what systemd said where it made no job of it.</returns>
    public (string Result, string? Said) Run(UnitJob job, string unit, TimeSpan atMost, CancellationToken cancel)
    {
        try
        {
            return (Run(() => Queue(job, unit), atMost, cancel), null);
        }
        catch (DBusException exception) when (exception.Name.StartsWith($"{SystemdBus.BusName}.", StringComparison.Ordinal))
        {
            return (JobOutcome.Refused, exception.Message);
        }
    }

    /// <param name="ask">Asks for the job and returns its object.</param>
    /// <returns>systemd's word for the end, or that it is still to come.</returns>
    public string Run(Func<string> ask, TimeSpan atMost, CancellationToken cancel)
    {
        Subscribe();
        _ended.Clear();
        // It may have ended before the reply is read.
        systemd.Bus.Heard = Note;
        try
        {
            var job = ask();
            return systemd.Bus.WaitUntil(() => _ended.ContainsKey(job), atMost, cancel) ? _ended[job] : JobOutcome.Waiting;
        }
        finally
        {
            systemd.Bus.Heard = null;
        }
    }

    // systemd sends no signal as long as nobody subscribed.
    private void Subscribe()
    {
        if (_isSubscribed)
            return;
        systemd.Bus.Subscribe(
            $"type='signal',sender='{SystemdBus.BusName}',path='{SystemdBus.ManagerPath}',interface='{SystemdBus.Manager}',member='{JobRemoved}'");
        systemd.Call(systemd.NewCall("Subscribe")).Dispose();
        _isSubscribed = true;
    }

    private void Note(BusMessage message)
    {
        if (!message.IsSignal(SystemdBus.Manager, JobRemoved))
            return;
        message.Skip("u");
        var job = message.ReadString('o');
        message.Skip("s");
        _ended[job] = message.ReadString();
    }
}
