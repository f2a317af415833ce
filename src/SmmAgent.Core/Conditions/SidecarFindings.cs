namespace SmmAgent.Core.Conditions;

/// <summary>What is said of the sidecar while no service looks after it.</summary>
public static class SidecarFindings
{
    private const string Why = "sidecar management is not part of this version";

    public static IReadOnlyList<Finding> NotManaged { get; } =
    [
        Finding.Unknown(ConditionType.SidecarInstalled, Finding.Disabled, Why),
        Finding.Unknown(ConditionType.SidecarCurrent, Finding.Disabled, Why),
        Finding.Unknown(ConditionType.SidecarRunning, Finding.Disabled, Why),
    ];
}
