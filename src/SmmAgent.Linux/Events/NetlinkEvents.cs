using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using SmmAgent.Linux.Interop;

namespace SmmAgent.Linux.Events;

/// <summary>A netlink socket that listens to multicast groups.</summary>
public abstract class NetlinkEvents(string name, HostChange change, int protocol, IReadOnlyList<int> groups, int receiveBuffer)
    : EventSource(name, change)
{
    private const int AddressFamilyNetlink = 16;
    private const int Raw = 3;
    private const int SocketLevel = 1;
    private const int ReceiveBuffer = 8;
    private const int ReceiveBufferForce = 33;
    private const int NetlinkLevel = 270;
    private const int AddMembership = 1;

    // Messages between two callbacks, so that an endless writer cannot hold back the changes.
    private const int LongestDrain = 4096;

    private readonly byte[] _message = new byte[8192];
    private SafeFileHandle? _socket;

    public override int Descriptor => (int)_socket!.DangerousGetHandle();

    public override void Open()
    {
        _socket = Libc.Socket(AddressFamilyNetlink, Raw | Libc.CloseOnExec | Libc.NonBlocking, protocol);
        if (_socket.IsInvalid)
            throw EventSourceException.LastError("netlink socket");

        // The first takes CAP_NET_ADMIN; the second is bounded by net.core.rmem_max.
        if (Set(_socket, SocketLevel, ReceiveBufferForce, receiveBuffer) < 0)
            _ = Set(_socket, SocketLevel, ReceiveBuffer, receiveBuffer);
        if (Libc.Bind(_socket, new() { Family = AddressFamilyNetlink }, (uint)Marshal.SizeOf<Libc.NetlinkAddress>()) < 0)
            throw EventSourceException.LastError("bind of a netlink socket");
        foreach (var group in groups)
        {
            if (Set(_socket, NetlinkLevel, AddMembership, group) < 0)
                throw EventSourceException.LastError($"netlink group {group} (it may need CAP_NET_ADMIN)");
        }
    }

    public override HostChange Drain()
    {
        var change = HostChange.None;
        for (var i = 0; i < LongestDrain; i++)
        {
            var length = Libc.Receive(_socket!, _message, (nuint)_message.Length, 0);
            if (length > 0)
            {
                change |= ReadChange(_message.AsSpan(0, (int)length));
                continue;
            }

            if (length == 0)
                throw new EventSourceException("the netlink socket ended");
            switch (Marshal.GetLastPInvokeError())
            {
                case Errno.EAGAIN:
                    return change;
                case Errno.EINTR:
                    break;
                case Errno.ENOBUFS:
                    // Messages were lost, so anything may have changed.
                    change |= Change;
                    break;
                default:
                    throw EventSourceException.LastError("receive from a netlink socket");
            }
        }

        return change;
    }

    public override void Close() => _socket?.Dispose();

    /// <summary>Reads the change that a datagram reports. The datagram may be cut off at 8 KiB.</summary>
    protected abstract HostChange ReadChange(ReadOnlySpan<byte> datagram);

    private static int Set(SafeFileHandle socket, int level, int option, int value) =>
        Libc.SetSocketOption(socket, level, option, value, sizeof(int));
}
