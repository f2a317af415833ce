using SmmAgent.Linux.Systemd;

namespace SmmAgent.Tests.Host.Fakes;

/// <summary>A systemd in memory. It writes each change into the record of calls.</summary>
internal sealed class FakeUnits(HostRecord record) : IUnits
{
    public const string RollbackTimer = "smm-agent-rollback.timer";

    private readonly Dictionary<string, (string Active, string File)> _states = [];

    /// <summary>Results of jobs other than <c>done</c>, by "job unit".</summary>
    public Dictionary<string, string> Results { get; } = [];

    /// <summary>Called when a timer is started. A timer that cannot be started throws here.</summary>
    public Action StartingTimer { get; set; } = () => { };

    /// <summary>The command of the timer that was started last.</summary>
    public IReadOnlyList<string> TimerCommand { get; private set; } = [];

    public TimeSpan TimerAfter { get; private set; }

    public bool IsDisposed { get; private set; }

    public bool IsStopping => false;

    public void Set(string unit, string active = "inactive", string file = "disabled") => _states[unit] = (active, file);

    public UnitState ObserveUnit(string unit)
    {
        var (active, file) = _states.GetValueOrDefault(unit, ("inactive", "disabled"));
        return new(unit, file switch { "none" => "not-found", "masked" => "masked", _ => "loaded" }, active, "", file);
    }

    public ServiceState ObserveService(string service) => new(ObserveUnit(service), 0, null, 0, "success");

    public void Reload() => record.Add("reload");

    public void Enable(IEnumerable<string> units)
    {
        foreach (var unit in units)
        {
            record.Add($"enable {unit}");
            Set(unit, ObserveUnit(unit).Active, "enabled");
        }
    }

    public void Disable(IEnumerable<string> units)
    {
        foreach (var unit in units)
        {
            record.Add($"disable {unit}");
            Set(unit, ObserveUnit(unit).Active);
        }
    }

    public void Queue(UnitJob job, string unit) => record.Add($"queue {job} {unit}");

    public Task<JobOutcome> RunAsync(UnitJob job, string unit, TimeSpan atMost, CancellationToken cancel)
    {
        var name = $"{(job == UnitJob.Stop ? "stop" : "start")} {unit}";
        record.Add(name);
        var result = Results.GetValueOrDefault(name, "done");
        if (result == "done")
            Set(unit, job == UnitJob.Stop ? "inactive" : "active", ObserveUnit(unit).File);
        return Task.FromResult(new JobOutcome(job, result, ObserveUnit(unit), atMost));
    }

    public Task StartTimerAsync(string name, string description, TimeSpan after, IReadOnlyList<string> command, CancellationToken cancel)
    {
        StartingTimer();
        record.Add("arm rollback");
        (TimerCommand, TimerAfter) = (command, after);
        Set($"{name}.timer", "active", "transient");
        return Task.CompletedTask;
    }

    public void Dispose() => IsDisposed = true;
}
