using System.Net;
using System.Net.Sockets;

namespace SmmDashboard.Hosting;

/// <summary>An address cannot be listened on. The message has the address, the reason and the fix.</summary>
public sealed class ListenException(EndPoint endpoint, SocketException inner)
    : IOException($"{endpoint}: {Reason(endpoint, inner)}", inner)
{
    public EndPoint Endpoint { get; } = endpoint;

    private static string Reason(EndPoint endpoint, SocketException fault)
    {
        var port = (endpoint as IPEndPoint)?.Port;
        return fault.SocketErrorCode switch
        {
            SocketError.AddressAlreadyInUse =>
                $"another process listens on this port; choose another port, or find the process: sudo ss -ltnp 'sport = :{port}'",
            SocketError.AddressNotAvailable =>
                "this host does not have the address; choose one that 'ip address' lists, or 0.0.0.0 or [::] for all",
            SocketError.AddressFamilyNotSupported => "this host does not support addresses of this family; choose one of the other family",
            SocketError.AccessDenied =>
                $"permission denied for user {Environment.UserName}: a port below 1024 needs the capability CAP_NET_BIND_SERVICE; "
                + "choose another port",
            _ => fault.Message,
        };
    }
}
