namespace SmmAgent.Linux.Systemd;

/// <summary>What systemd is asked to do with a unit.</summary>
public enum UnitJob
{
    Start,
    Stop,
    Restart,
}
