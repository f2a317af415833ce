namespace SmmAgent.Daemon.Loop;

/// <summary>The latest value of a state: one writer, any number of readers, immutable snapshots.</summary>
public sealed class ObservableValue<T>(T initial)
    where T : class
{
    private readonly Lock _lock = new();
    private volatile T _value = initial;
    private volatile Signal[] _readers = [];

    public T Value => _value;

    /// <summary>Replaces the value and notifies every reader, unless the new value equals the current one.</summary>
    public void Publish(T value)
    {
        if (Equals(_value, value))
            return;

        _value = value;
        foreach (var reader in _readers)
            reader.Set();
    }

    /// <summary>
    /// Replaces the value without a notification, for changes that no reader acts on, such as the time of the last success.
    /// </summary>
    public void Refresh(T value) => _value = value;

    /// <summary>Sets <paramref name="reader"/> at every change from now on.</summary>
    public void NotifyOnChange(Signal reader)
    {
        lock (_lock)
            _readers = [.. _readers, reader];
    }
}
