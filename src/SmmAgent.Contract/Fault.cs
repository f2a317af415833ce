namespace SmmAgent.Contract;

/// <summary>One thing that is wrong with a document: where, and why.</summary>
/// <param name="Path">The member, for example <c>workloadGroup.ports.http</c>; empty for the whole document.</param>
/// <param name="Reason">The value, what is wrong with it, and what would be right.</param>
public sealed record Fault(string Path, string Reason)
{
    // A document may call its members anything.
    private const int LongestPath = 400;

    /// <inheritdoc/>
    public override string ToString() => Path.Length == 0 ? Reason : $"{OneLine.ReplaceUnprintable(Path, '?', LongestPath)}: {Reason}";
}

/// <summary>A document that was read: its value, or every fault that was found in it.</summary>
/// <typeparam name="T">The type of the value.</typeparam>
public sealed record ReadResult<T>
    where T : class
{
    private ReadResult(T? value, IReadOnlyList<Fault> faults) => (Value, Faults) = (value, faults);

    /// <summary>The value; null when there is a fault.</summary>
    public T? Value { get; }

    /// <summary>Every fault that was found; empty when there is a value.</summary>
    public IReadOnlyList<Fault> Faults { get; }

    /// <summary>The document is good.</summary>
    public static ReadResult<T> Good(T value) => new(value, []);

    /// <summary>The document is refused.</summary>
    public static ReadResult<T> Refused(IReadOnlyList<Fault> faults) =>
        faults.Count > 0 ? new(null, faults) : throw new ArgumentException("a refusal names a fault", nameof(faults));
}
