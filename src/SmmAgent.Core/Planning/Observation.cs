namespace SmmAgent.Core.Planning;

/// <summary>Something that was looked at: it is known, or it could not be seen and why. Nothing is ever removed because of an unknown.</summary>
public sealed record Observation<T>
    where T : class
{
    private Observation(T? value, string? whyUnknown) => (Value, UnknownReason) = (value, whyUnknown);

    /// <summary>What was seen; null when it could not be seen.</summary>
    public T? Value { get; }

    /// <summary>Why it could not be seen; null when it is known.</summary>
    public string? UnknownReason { get; }

    public static Observation<T> Known(T value) => new(value, null);

    public static Observation<T> Unknown(string why) => new(null, why);
}
