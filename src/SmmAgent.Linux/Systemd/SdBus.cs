using System.Runtime.InteropServices;
using SmmAgent.Linux.Interop;

namespace SmmAgent.Linux.Systemd;

/// <summary>A connection to the system bus, through libsystemd. Used by one thread at a time.</summary>
public sealed class SdBus : IDisposable
{
    /// <summary>firewalld answers within a second; polkit may ask somebody first.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>How soon a wait notices that it is called off.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromMilliseconds(200);

    private nint _bus;

    private SdBus(nint bus) => _bus = bus;

    internal nint Handle => _bus;

    /// <summary>Gets what comes while a call waits for its reply, and in <see cref="WaitUntil"/>; without it that is dropped. It makes no call.</summary>
    public Action<BusMessage>? Heard { get; set; }

    /// <summary>The descriptor to poll; it may change while connecting.</summary>
    public int Descriptor => Check(SdBusNative.GetFd(_bus), "bus connection");

    /// <summary>What to poll for.</summary>
    public short Interest => (short)Check(SdBusNative.GetEvents(_bus), "bus connection");

    /// <summary>When to <see cref="Process"/> although nothing came, on CLOCK_MONOTONIC; null for never.</summary>
    public TimeSpan? ProcessAt
    {
        get
        {
            Check(SdBusNative.GetTimeout(_bus, out var microseconds), "bus connection");
            return microseconds > long.MaxValue / 10 ? null : TimeSpan.FromMicroseconds((long)microseconds);
        }
    }

    /// <summary>Begins to connect; does not wait until the connection stands.</summary>
    /// <param name="address">Default: DBUS_SYSTEM_BUS_ADDRESS, else the well-known address.</param>
    public static SdBus OpenSystem(string? address = null)
    {
        address ??= Environment.GetEnvironmentVariable("DBUS_SYSTEM_BUS_ADDRESS") ?? "unix:path=/run/dbus/system_bus_socket";
        SdBus bus;
        try
        {
            Check(SdBusNative.New(out var handle), "bus connection");
            bus = new(handle);
        }
        catch (DllNotFoundException)
        {
            throw new DBusException(DBusException.NoLibrary, "libsystemd.so.0 is not installed, so the system bus cannot be used");
        }

        try
        {
            Check(SdBusNative.SetAddress(bus._bus, address), $"bus address {address}");
            Check(SdBusNative.SetBusClient(bus._bus, 1), "bus connection");
            var result = SdBusNative.Start(bus._bus);
            if (result < 0)
                throw new DBusException(DBusException.NoBus, $"no system bus at {address}: {Marshal.GetPInvokeErrorMessage(-result)}");
            return bus;
        }
        catch
        {
            bus.Dispose();
            throw;
        }
    }

    /// <summary>A call to be given its arguments. It never starts a service that does not run.</summary>
    public BusMessage NewCall(string destination, string path, string @interface, string member)
    {
        Check(SdBusNative.NewMethodCall(_bus, out var message, destination, path, @interface, member), $"call of {member}");
        var call = new BusMessage(message);
        Check(SdBusNative.SetAutoStart(message, 0), "call");
        return call;
    }

    /// <summary>Makes a call and waits for the reply. Signals that come meanwhile are <see cref="Heard"/>'s.</summary>
    /// <remarks>
    /// Not sd_bus_call: its poll ends with EINTR when a signal reaches this thread, and the runtime's own signals (a child ended) reach any. By then
    /// the call may have been sent, so it cannot be made again.
    /// </remarks>
    /// <param name="call">Disposed here.</param>
    public BusMessage Call(BusMessage call)
    {
        var cookie = Send(call);
        var over = MonotonicTime.Now + Patience;
        while (true)
        {
            var more = Process(out var message);
            if (message is not null && message.Answers(cookie))
                return message.Error is { } error ? throw Failed(message, error) : message;
            Hear(message);
            if (more)
                continue;
            if (MonotonicTime.Now >= over)
                throw new DBusException(DBusException.NoReply, $"no answer within {Patience.TotalSeconds:0} s");
            Wait(over);
        }
    }

    /// <summary>Hears what comes until a condition is met.</summary>
    /// <returns>Whether it was met in time.</returns>
    public bool WaitUntil(Func<bool> isMet, TimeSpan atMost, CancellationToken cancel)
    {
        var over = MonotonicTime.Now + atMost;
        while (!isMet())
        {
            cancel.ThrowIfCancellationRequested();
            var more = Process(out var message);
            Hear(message);
            if (more)
                continue;
            var now = MonotonicTime.Now;
            if (now >= over)
                return false;
            Wait(over - now < LongestWait ? over : now + LongestWait);
        }

        return true;
    }

    /// <summary>Sends a call and does not wait: <see cref="Process"/> brings the reply.</summary>
    /// <param name="call">Disposed here.</param>
    /// <returns>What the reply refers to.</returns>
    public ulong Send(BusMessage call)
    {
        using (call)
        {
            // A cookie is asked for, else the call would be marked as one that wants no reply.
            Check(SdBusNative.Send(_bus, call.Handle, out var cookie), "bus call");
            return cookie;
        }
    }

    /// <summary>Asks for the signals of a match rule and does not wait: <see cref="Process"/> brings the bus's reply, and from then on the signals.</summary>
    public void Subscribe(string matchRule) =>
        Send(NewCall("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "AddMatch").Add(matchRule));

    /// <summary>Does what can be done without waiting.</summary>
    /// <param name="message">A message that came, if one did; to be disposed.</param>
    /// <returns>Whether there may be more to do at once.</returns>
    public bool Process(out BusMessage? message)
    {
        var more = Check(SdBusNative.Process(_bus, out var handle), "bus connection") > 0;
        message = handle == 0 ? null : new(handle);
        return more;
    }

    public void Dispose()
    {
        if (_bus == 0)
            return;
        SdBusNative.Close(_bus);
        SdBusNative.Unref(_bus);
        _bus = 0;
    }

    private static DBusException Failed(BusMessage reply, DBusException error)
    {
        reply.Dispose();
        return error;
    }

    private void Hear(BusMessage? message)
    {
        using (message)
        {
            if (message is null)
                return;
            if (message.IsSignal("org.freedesktop.DBus.Local", "Disconnected"))
                throw new DBusException(DBusException.NoReply, "the system bus ended the connection");
            Heard?.Invoke(message);
        }
    }

    private void Wait(TimeSpan over)
    {
        var until = ProcessAt is { } at && at < over ? at : over;
        var milliseconds = Math.Max(0, (int)Math.Ceiling((until - MonotonicTime.Now).TotalMilliseconds));
        Libc.PollDescriptor[] descriptors = [new() { Descriptor = Descriptor, Interest = Interest }];
        if (Libc.Poll(descriptors, 1, milliseconds) < 0 && Marshal.GetLastPInvokeError() is var errno and not Libc.EINTR)
            Check(-errno, "bus connection");
    }

    internal static int Check(int result, string what) =>
        result >= 0 ? result : throw new DBusException("org.freedesktop.DBus.Error.Failed", $"{what}: {Marshal.GetPInvokeErrorMessage(-result)}");
}
