namespace SmmAgent.Linux.Systemd;

/// <summary>The units of the host. An error of systemd is thrown as an <see cref="IOException"/> with a message of one line.</summary>
/// <remarks>Used by one thread at a time: no other method is called while a job is waited for.</remarks>
public interface IUnits : IDisposable
{
    /// <summary>Whether the host is being shut down.</summary>
    bool IsStopping { get; }

    /// <summary>Reads the state of a unit. A unit that does not exist has one as well.</summary>
    UnitState ObserveUnit(string unit);

    ServiceState ObserveService(string service);

    /// <summary>Reads the unit files and their drop-ins again.</summary>
    void Reload();

    /// <summary>Enables units: they are started at boot.</summary>
    void Enable(IEnumerable<string> units);

    void Disable(IEnumerable<string> units);

    /// <summary>Asks for a job that replaces the queued one of the unit, and does not wait for it.</summary>
    /// <remarks>For a caller that must end before the job can begin.</remarks>
    void Queue(UnitJob job, string unit);

    /// <summary>Asks for a job that replaces the queued one of the unit, and waits for its end.</summary>
    /// <param name="atMost">How long to wait. The job continues after that.</param>
    Task<JobOutcome> RunAsync(UnitJob job, string unit, TimeSpan atMost, CancellationToken cancel);

    /// <summary>Starts a timer and makes the service that it starts. Both exist until the timer elapses or the host restarts.</summary>
    /// <param name="name">The name of both units, without the suffix.</param>
    Task StartTimerAsync(string name, string description, TimeSpan after, IReadOnlyList<string> command, CancellationToken cancel);
}
