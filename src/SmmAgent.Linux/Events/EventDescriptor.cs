using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using SmmAgent.Linux.Interop;

namespace SmmAgent.Linux.Events;

/// <summary>An eventfd: it ends a poll from another thread.</summary>
internal sealed class EventDescriptor : IDisposable
{
    private readonly SafeFileHandle _event = Libc.EventFd(0, Libc.CloseOnExec | Libc.NonBlocking);

    public EventDescriptor()
    {
        if (_event.IsInvalid)
            throw EventSourceException.LastError("eventfd");
    }

    public int Descriptor => (int)_event.DangerousGetHandle();

    /// <summary>Makes it readable, so that a poll ends.</summary>
    public void Set()
    {
        if (Libc.Write(_event, 1UL, sizeof(ulong)) < 0)
            throw EventSourceException.LastError("write to the eventfd");
    }

    /// <summary>Makes it unreadable again.</summary>
    public void Clear()
    {
        Span<byte> count = stackalloc byte[sizeof(ulong)];
        if (Libc.Read(_event, count, (nuint)count.Length) < 0 && Marshal.GetLastPInvokeError() != Errno.EAGAIN)
            throw EventSourceException.LastError("read of the eventfd");
    }

    public void Dispose() => _event.Dispose();
}
