namespace SmmAgent.Linux.Systemd;

/// <summary>The end of a job of systemd. Its text is one line for the operator.</summary>
/// <param name="result">The end as systemd calls it (<c>done</c>, <c>failed</c>, <c>canceled</c> …) or one of the constants.</param>
/// <param name="unit">The unit after the job; for a service, a <see cref="ServiceState"/>.</param>
/// <param name="atMost">How long the end was waited for.</param>
/// <param name="refusal">The message of systemd where it did not make a job.</param>
public sealed class JobOutcome(UnitJob job, string result, UnitState unit, TimeSpan atMost, string? refusal = null)
{
    internal const string Done = "done";

    /// <summary>Not a result of systemd: the job has not ended yet.</summary>
    internal const string Waiting = "waiting";

    /// <summary>Not a result of systemd: it did not make a job.</summary>
    internal const string Refused = "refused";

    public string Result => result;

    public UnitState Unit => unit;

    /// <summary>Whether the unit was started, stopped or started again as asked: a service of Type=notify sent READY.</summary>
    public bool IsDone => result == Done;

    /// <summary>Whether the job takes longer than the caller waited. The job continues.</summary>
    public bool IsWaiting => result == Waiting;

    public override string ToString() => (result, job) switch
    {
        (Done, UnitJob.Start) => $"{unit.Name} is started",
        (Done, UnitJob.Stop) => $"{unit.Name} is stopped",
        (Done, _) => $"{unit.Name} is started again",
        (Waiting, UnitJob.Stop) => $"{unit.Name} did not stop in {atMost.TotalSeconds:0} s",
        (Waiting, _) => $"{unit.Name} is not ready after {atMost.TotalSeconds:0} s",
        (_, UnitJob.Start) => $"{unit.Name} did not start ({Reason})",
        (_, UnitJob.Stop) => $"{unit.Name} did not stop ({Reason})",
        _ => $"{unit.Name} did not start again ({Reason})",
    };

    private string Reason => result switch
    {
        Refused when !unit.Exists => "there is no such unit",
        Refused when unit.IsMasked => "it is masked",
        Refused => refusal ?? result,
        "failed" when unit is ServiceState { Result: not "success" } service => service.Result,
        "canceled" => "canceled: another job took its place",
        "dependency" => "a unit that it needs did not start",
        "timeout" => "systemd's time for the job was over",
        _ => result,
    };
}
