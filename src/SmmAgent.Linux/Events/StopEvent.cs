using Microsoft.Win32.SafeHandles;
using SmmAgent.Linux.Interop;

namespace SmmAgent.Linux.Events;

/// <summary>An eventfd that ends a poll from another thread.</summary>
internal sealed class StopEvent : IDisposable
{
    private readonly SafeFileHandle _event = Libc.EventFd(0, Libc.CloseOnExec | Libc.NonBlocking);

    public StopEvent()
    {
        if (_event.IsInvalid)
            throw EventSourceException.LastError("eventfd");
    }

    public int Descriptor => (int)_event.DangerousGetHandle();

    public void Set()
    {
        if (Libc.Write(_event, 1UL, sizeof(ulong)) < 0)
            throw EventSourceException.LastError("write to the eventfd");
    }

    public void Dispose() => _event.Dispose();
}
