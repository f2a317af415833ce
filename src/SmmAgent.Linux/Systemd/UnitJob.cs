namespace SmmAgent.Linux.Systemd;

/// <summary>A job of systemd for a unit.</summary>
public enum UnitJob
{
    Start,
    Stop,
    Restart,
}
