namespace SmmAgent.Core.Planning;

/// <summary>
/// The result of an observation: a value, or the reason why it is unknown. Nothing is ever removed because of an unknown.
/// </summary>
public sealed record Observation<T>
    where T : class
{
    private Observation(T? value, string? unknownReason) => (Value, UnknownReason) = (value, unknownReason);

    /// <summary>The observed value; null when it is unknown.</summary>
    public T? Value { get; }

    /// <summary>The reason why the value is unknown; null when it is known.</summary>
    public string? UnknownReason { get; }

    public static Observation<T> Known(T value) => new(value, null);

    public static Observation<T> Unknown(string reason) => new(null, reason);
}
