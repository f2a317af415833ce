namespace SmmAgent.Contract;

/// <summary>One error in a document: its path and the reason.</summary>
/// <param name="Path">The member, for example <c>workloadGroup.ports.http</c>; empty for the whole document.</param>
/// <param name="Reason">The value, why it is invalid, and what is valid.</param>
public sealed record InputError(string Path, string Reason)
{
    // The names of members come from the document and have no limit.
    private const int LongestPath = 400;

    /// <inheritdoc/>
    public override string ToString() => Path.Length == 0 ? Reason : $"{OneLine.ReplaceUnprintable(Path, '?', LongestPath)}: {Reason}";
}

/// <summary>The result of reading a document: its value or all of its errors.</summary>
/// <typeparam name="T">The type of the value.</typeparam>
public sealed record ReadResult<T>
    where T : class
{
    private ReadResult(T? value, IReadOnlyList<InputError> faults) => (Value, Errors) = (value, faults);

    /// <summary>The value; null if there is an error.</summary>
    public T? Value { get; }

    /// <summary>All errors; empty if there is a value.</summary>
    public IReadOnlyList<InputError> Errors { get; }

    /// <summary>The result for a valid document.</summary>
    public static ReadResult<T> Good(T value) => new(value, []);

    /// <summary>The result for an invalid document.</summary>
    public static ReadResult<T> Refused(IReadOnlyList<InputError> faults) =>
        faults.Count > 0 ? new(null, faults) : throw new ArgumentException("a refusal names a fault", nameof(faults));
}
