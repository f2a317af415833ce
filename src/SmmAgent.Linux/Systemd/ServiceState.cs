namespace SmmAgent.Linux.Systemd;

/// <summary>What systemd knows of a service beside what it knows of any unit.</summary>
/// <param name="unit">What it knows of any.</param>
/// <param name="mainPid">Zero without a running main process.</param>
/// <param name="since">When that was started.</param>
/// <param name="restarts">How often systemd itself started it again since it was last started by somebody.</param>
/// <param name="result">How it ended last: <c>success</c>, <c>exit-code</c>, <c>timeout</c>, <c>watchdog</c> …</param>
public sealed class ServiceState(UnitState unit, int mainPid, DateTimeOffset? since, int restarts, string result)
    : UnitState(unit.Name, unit.Load, unit.Active, unit.Sub, unit.File)
{
    public int MainPid => mainPid;

    /// <summary>When the main process was started; null while none runs.</summary>
    public DateTimeOffset? Since => mainPid > 0 ? since : null;

    public int Restarts => restarts;

    public string Result => result;

    /// <summary>The variables that its commands get by <c>Environment=</c>, as NAME=VALUE.</summary>
    public IReadOnlyList<string> Environment { get; init; } = [];
}
