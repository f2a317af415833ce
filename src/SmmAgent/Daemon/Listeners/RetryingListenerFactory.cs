using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace SmmAgent.Daemon.Listeners;

/// <summary>
/// Creates listeners for a server that starts although a port is in use: it retries that port until it is free, and serves the other ports.
/// </summary>
/// <param name="onBindResult">Called for an endpoint with its bound address, or with the reason that it is not bound.</param>
public sealed class RetryingListenerFactory(
    IConnectionListenerFactory sockets, Action<EndPoint, EndPoint?, string?> onBindResult, TimeProvider time, ILogger logger)
    : IConnectionListenerFactory
{
    public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        var listener = new RetryingListener(
            endpoint, BindAnyFamilyAsync, (bound, fault) => onBindResult(endpoint, bound, fault), time, logger);
        await listener.TryBindAsync(cancellationToken);
        return listener;
    }

    private async ValueTask<IConnectionListener> BindAnyFamilyAsync(EndPoint endpoint, CancellationToken cancel)
    {
        try
        {
            return await sockets.BindAsync(endpoint, cancel);
        }
        catch (SocketException exception)
            when (IsWithoutIPv6(exception) && endpoint is IPEndPoint any && any.Address.Equals(IPAddress.IPv6Any))
        {
            return await sockets.BindAsync(new IPEndPoint(IPAddress.Any, any.Port), cancel);
        }
    }

    private static bool IsWithoutIPv6(SocketException exception) => exception.SocketErrorCode
        is SocketError.AddressFamilyNotSupported or SocketError.ProtocolNotSupported or SocketError.AddressNotAvailable;
}
