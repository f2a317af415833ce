namespace SmmAgent.Linux.Systemd;

/// <summary>What systemd knows of a unit, in its own words.</summary>
/// <param name="Load"><c>loaded</c>, <c>not-found</c>, <c>masked</c> …</param>
/// <param name="Active"><c>active</c>, <c>inactive</c>, <c>activating</c>, <c>failed</c> …</param>
/// <param name="Sub">Finer, for example <c>auto-restart</c>.</param>
/// <param name="File"><c>enabled</c>, <c>disabled</c>, <c>static</c> …; empty without a file.</param>
public sealed record UnitState(string Name, string Load, string Active, string Sub, string File)
{
    public bool Exists => Load != "not-found";

    public bool IsMasked => Load == "masked";

    public bool IsActive => Active == "active";

    /// <summary>Whether there is something to stop.</summary>
    public bool IsUp => Active is not ("inactive" or "failed");

    public bool IsEnabled => File == "enabled";
}
