using System.Runtime.InteropServices;

namespace SmmAgent.Linux.Events;

/// <summary>One queue of the kernel or of the bus that reports changes.</summary>
/// <remarks>Used by one thread only, that of <see cref="HostEvents"/>.</remarks>
/// <param name="name">The name in messages.</param>
/// <param name="change">The changes that it reports, and so what to observe when an event may have been missed.</param>
public abstract class EventSource(string name, HostChange change) : IDisposable
{
    public string Name { get; } = name;

    public HostChange Change { get; } = change;

    /// <summary>The file descriptor to poll, while open.</summary>
    public abstract int Descriptor { get; }

    /// <summary>Starts to listen. Must not block.</summary>
    /// <exception cref="EventSourceException">It cannot; the message has the reason.</exception>
    public abstract void Open();

    /// <summary>Empties the queue and says what may have changed. Must not block.</summary>
    /// <exception cref="EventSourceException">It is broken and must be opened again.</exception>
    public abstract HostChange Drain();

    /// <summary>Stops to listen; may be opened again.</summary>
    public abstract void Close();

    public void Dispose()
    {
        Close();
        GC.SuppressFinalize(this);
    }
}

/// <summary>The reason why an event source cannot start, or stopped.</summary>
public sealed class EventSourceException(string message) : Exception(message)
{
    /// <summary>The failure of the system call just made.</summary>
    internal static EventSourceException LastError(string what) => new($"{what}: {Marshal.GetLastPInvokeErrorMessage()}");
}
