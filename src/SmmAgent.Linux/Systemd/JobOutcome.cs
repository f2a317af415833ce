namespace SmmAgent.Linux.Systemd;

/// <summary>How a job ended that systemd was asked for. Prints itself as one line for the operator.</summary>
/// <param name="result">systemd's word (<c>done</c>, <c>failed</c>, <c>canceled</c> …) or one of the constants.</param>
/// <param name="unit">The unit afterwards; of a service, a <see cref="ServiceState"/>.</param>
/// <param name="atMost">How long the end was waited for.</param>
/// <param name="said">What systemd said where it made no job of it.</param>
public sealed class JobOutcome(UnitJob job, string result, UnitState unit, TimeSpan atMost, string? said = null)
{
    internal const string Done = "done";

    /// <summary>Not systemd's word: the job is still to end.</summary>
    internal const string Waiting = "waiting";

    /// <summary>Not systemd's word: it made no job of it.</summary>
    internal const string Refused = "refused";

    public string Result => result;

    public UnitState Unit => unit;

    /// <summary>Whether the unit was started, stopped or started again as it should be: a service of Type=notify said READY.</summary>
    public bool IsDone => result == Done;

    /// <summary>Whether it takes longer than it was waited for. The job goes on.</summary>
    public bool IsWaiting => result == Waiting;

    public override string ToString() => (result, job) switch
    {
        (Done, UnitJob.Start) => $"{unit.Name} is started",
        (Done, UnitJob.Stop) => $"{unit.Name} is stopped",
        (Done, _) => $"{unit.Name} is started again",
        (Waiting, UnitJob.Stop) => $"{unit.Name} did not stop in {atMost.TotalSeconds:0} s",
        (Waiting, _) => $"{unit.Name} is not ready after {atMost.TotalSeconds:0} s",
        (_, UnitJob.Start) => $"{unit.Name} did not start ({Why})",
        (_, UnitJob.Stop) => $"{unit.Name} did not stop ({Why})",
        _ => $"{unit.Name} did not start again ({Why})",
    };

    private string Why => result switch
    {
        Refused when !unit.Exists => "there is no such unit",
        Refused when unit.IsMasked => "it is masked",
        Refused => said ?? result,
        "failed" when unit is ServiceState { Result: not "success" } service => service.Result,
        "canceled" => "canceled: another job took its place",
        "dependency" => "a unit that it needs did not start",
        "timeout" => "systemd's time for the job was over",
        _ => result,
    };
}
