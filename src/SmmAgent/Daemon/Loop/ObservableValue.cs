namespace SmmAgent.Daemon.Loop;

/// <summary>The newest value of one piece of state: one writer, any number of readers, immutable snapshots.</summary>
public sealed class ObservableValue<T>(T initial)
    where T : class
{
    private readonly Lock _lock = new();
    private volatile T _value = initial;
    private volatile Signal[] _readers = [];

    public T Value => _value;

    /// <summary>Replaces the value and wakes every reader, unless it is equal to the one in place.</summary>
    public void Publish(T value)
    {
        if (Equals(_value, value))
            return;

        _value = value;
        foreach (var reader in _readers)
            reader.Set();
    }

    /// <summary>Replaces the value and wakes nobody: for what nobody acts on, such as the time of the last success.</summary>
    public void Refresh(T value) => _value = value;

    /// <summary>Wakes <paramref name="reader"/> at every change from now on.</summary>
    public void NotifyOnChange(Signal reader)
    {
        lock (_lock)
            _readers = [.. _readers, reader];
    }
}
