namespace SmmAgent.Core.Conditions;

public enum ConditionStatus
{
    Unknown,
    True,
    False,
}

/// <summary>A service's evaluation of one condition. The ledger adds the time of its transition.</summary>
/// <param name="Type">One of <see cref="ConditionType"/>.</param>
/// <param name="Status">Whether the condition holds.</param>
/// <param name="Reason">One stable CamelCase word.</param>
/// <param name="Message">One line: the finding and, unless the condition holds, what to do.</param>
public sealed record ConditionUpdate(string Type, ConditionStatus Status, string Reason, string Message)
{
    /// <summary>The reason of a condition that holds, but with a part of it missing.</summary>
    public const string Degraded = nameof(Degraded);

    /// <summary>The reason of a condition whose part of the agent is switched off.</summary>
    public const string Disabled = nameof(Disabled);

    /// <summary>The reason of a condition that was not checked yet.</summary>
    public const string Pending = nameof(Pending);

    /// <summary>The reason while there is no configuration to work with.</summary>
    public const string NotConfigured = nameof(NotConfigured);

    public static ConditionUpdate True(string type, string reason, string message) => new(type, ConditionStatus.True, reason, message);

    public static ConditionUpdate False(string type, string reason, string message) => new(type, ConditionStatus.False, reason, message);

    public static ConditionUpdate Unknown(string type, string reason, string message) =>
        new(type, ConditionStatus.Unknown, reason, message);

    /// <summary>The update before the first evaluation.</summary>
    public static ConditionUpdate NotObserved(string type) => Unknown(type, Pending, "not checked yet");
}
