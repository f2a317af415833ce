namespace SmmAgent.Linux.Systemd;

/// <summary>The state of a service: that of a unit, and its process.</summary>
/// <param name="unit">The state that every unit has.</param>
/// <param name="mainPid">Zero without a running main process.</param>
/// <param name="since">When the main process was started.</param>
/// <param name="restarts">How often systemd restarted it automatically since the last start by a job.</param>
/// <param name="result">How it ended last: <c>success</c>, <c>exit-code</c>, <c>timeout</c>, <c>watchdog</c> …</param>
public sealed class ServiceState(UnitState unit, int mainPid, DateTimeOffset? since, int restarts, string result)
    : UnitState(unit.Name, unit.Load, unit.Active, unit.Sub, unit.File)
{
    public int MainPid => mainPid;

    /// <summary>When the main process was started; null while none runs.</summary>
    public DateTimeOffset? Since => mainPid > 0 ? since : null;

    public int Restarts => restarts;

    public string Result => result;

    /// <summary>The variables of <c>Environment=</c>, as NAME=VALUE.</summary>
    public IReadOnlyList<string> Environment { get; init; } = [];
}
