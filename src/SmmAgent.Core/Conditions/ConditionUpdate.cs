namespace SmmAgent.Core.Conditions;

public enum ConditionStatus
{
    Unknown,
    True,
    False,
}

/// <summary>What a service found out about one condition. The time of its transition is the ledger's business.</summary>
/// <param name="Type">One of <see cref="ConditionType"/>.</param>
/// <param name="Status">Whether the condition holds.</param>
/// <param name="Reason">One stable CamelCase word.</param>
/// <param name="Message">One line: what was found and, unless all is well, what to do.</param>
public sealed record ConditionUpdate(string Type, ConditionStatus Status, string Reason, string Message)
{
    /// <summary>The reason of a condition that holds, but with a part of it missing.</summary>
    public const string Degraded = nameof(Degraded);

    /// <summary>The reason of a condition whose part of the agent is switched off.</summary>
    public const string Disabled = nameof(Disabled);

    /// <summary>The reason of a condition that was not looked at yet.</summary>
    public const string Pending = nameof(Pending);

    /// <summary>The reason while there is no configuration to work with.</summary>
    public const string NotConfigured = nameof(NotConfigured);

    public static ConditionUpdate True(string type, string reason, string message) => new(type, ConditionStatus.True, reason, message);

    public static ConditionUpdate False(string type, string reason, string message) => new(type, ConditionStatus.False, reason, message);

    public static ConditionUpdate Unknown(string type, string reason, string message) => new(type, ConditionStatus.Unknown, reason, message);

    /// <summary>What every condition says before its service has looked.</summary>
    public static ConditionUpdate NotObserved(string type) => Unknown(type, Pending, "not looked at yet");
}
