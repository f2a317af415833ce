namespace SmmAgent.Linux.Systemd;

/// <summary>What systemd knows of a unit, in its own words.</summary>
/// <param name="load"><c>loaded</c>, <c>not-found</c>, <c>masked</c> …</param>
/// <param name="active"><c>active</c>, <c>inactive</c>, <c>activating</c>, <c>failed</c> …</param>
/// <param name="sub">Finer, for example <c>auto-restart</c>.</param>
/// <param name="file"><c>enabled</c>, <c>disabled</c>, <c>static</c> …; empty without a file.</param>
public class UnitState(string name, string load, string active, string sub, string file)
{
    public string Name => name;

    public string Load => load;

    public string Active => active;

    public string Sub => sub;

    public string File => file;

    /// <summary>Whether there is a unit file of it that only waits to be enabled.</summary>
    public bool CanBeEnabled => file == "disabled";

    public bool Exists => load != "not-found";

    public bool IsMasked => load == "masked";

    /// <summary>Whether it is masked until the next start of the host only, which <c>unmask</c> alone does not undo.</summary>
    public bool IsMaskedAtRuntime => file == "masked-runtime";

    public bool IsActive => active == "active";

    /// <summary>Whether there is something to stop.</summary>
    public bool IsUp => active is not ("inactive" or "failed");

    public bool IsEnabled => file == "enabled";
}
