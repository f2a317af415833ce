namespace SmmAgent.Linux.Systemd;

/// <summary>The state of a unit, in the terms of systemd.</summary>
/// <param name="load"><c>loaded</c>, <c>not-found</c>, <c>masked</c> …</param>
/// <param name="active"><c>active</c>, <c>inactive</c>, <c>activating</c>, <c>failed</c> …</param>
/// <param name="sub">A finer state, for example <c>auto-restart</c>.</param>
/// <param name="file"><c>enabled</c>, <c>disabled</c>, <c>static</c> …; empty without a file.</param>
public class UnitState(string name, string load, string active, string sub, string file)
{
    public string Name => name;

    public string Load => load;

    public string Active => active;

    public string Sub => sub;

    public string File => file;

    /// <summary>Whether the unit has a file and is not enabled.</summary>
    public bool CanBeEnabled => file == "disabled";

    public bool Exists => load != "not-found";

    public bool IsMasked => load == "masked";

    /// <summary>
    /// Whether it is masked only until the host restarts. <c>unmask</c> without <c>--runtime</c> does not remove that mask.
    /// </summary>
    public bool IsMaskedAtRuntime => file == "masked-runtime";

    public bool IsActive => active == "active";

    /// <summary>Whether the unit runs, starts or stops, so that it can be stopped.</summary>
    public bool IsUp => active is not ("inactive" or "failed");

    public bool IsEnabled => file == "enabled";
}
