namespace SmmAgent.Linux.Systemd;

/// <summary>The host's units. What systemd says against it is thrown as an <see cref="IOException"/> of one line.</summary>
/// <remarks>Used by one thread at a time: nothing else is asked while a job is waited for.</remarks>
public interface IUnits : IDisposable
{
    /// <summary>Whether the host is being shut down.</summary>
    bool IsStopping { get; }

    /// <summary>A unit that does not exist has a state, too.</summary>
    UnitState Look(string unit);

    ServiceState LookService(string service);

    /// <summary>Reads the unit files and their drop-ins again.</summary>
    void Reload();

    /// <summary>Has units started at boot.</summary>
    void Enable(IEnumerable<string> units);

    void Disable(IEnumerable<string> units);

    /// <summary>Asks for a job, instead of what is queued for the unit, and does not wait: for who must end before the job can begin.</summary>
    void Queue(UnitJob job, string unit);

    /// <summary>Asks for a job, instead of what is queued for the unit, and waits for its end.</summary>
    /// <param name="atMost">Then the job goes on alone.</param>
    Task<JobOutcome> RunAsync(UnitJob job, string unit, TimeSpan atMost, CancellationToken cancel);

    /// <summary>Starts a timer that exists until it elapses or the host restarts, with the service that it starts; it runs when this is over.</summary>
    /// <param name="name">Of both units, without the suffix.</param>
    Task StartTimerAsync(string name, string description, TimeSpan after, IReadOnlyList<string> command, CancellationToken cancel);
}
