using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace SmmAgent.Daemon.Listeners;

/// <summary>A listener that waits until its port is free, and accepts no connection before that.</summary>
internal sealed class RetryingListener(
    EndPoint endpoint,
    Func<EndPoint, CancellationToken, ValueTask<IConnectionListener>> bind,
    Action<EndPoint?, string?> onBindResult,
    TimeProvider time,
    ILogger logger)
    : IConnectionListener
{
    private static readonly TimeSpan RetryEvery = TimeSpan.FromSeconds(10);

    private readonly CancellationTokenSource _unbound = new();
    private IConnectionListener? _bound;
    private bool _failed;

    public EndPoint EndPoint => _bound?.EndPoint ?? endpoint;

    public async Task TryBindAsync(CancellationToken cancel)
    {
        try
        {
            _bound = await bind(endpoint, cancel);
            onBindResult(_bound.EndPoint, null);
        }
        catch (Exception exception) when (exception is AddressInUseException or SocketException)
        {
            var fault = Fault(exception);
            onBindResult(null, fault);
            if (!_failed)
                ListenerLog.PortTaken(logger, (int)RetryEvery.TotalSeconds, fault);
            _failed = true;
        }
    }

    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        if (_bound is not null)
            return await _bound.AcceptAsync(cancellationToken);

        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(_unbound.Token, cancellationToken);
        try
        {
            while (_bound is null)
            {
                await Task.Delay(RetryEvery, time, cancel.Token);
                await TryBindAsync(cancel.Token);
            }
        }
        catch (OperationCanceledException) when (_unbound.IsCancellationRequested)
        {
            return null; // the end, as Kestrel defines it
        }

        return await _bound.AcceptAsync(cancellationToken);
    }

    public async ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        await _unbound.CancelAsync();
        if (_bound is not null)
            await _bound.UnbindAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (_bound is not null)
            await _bound.DisposeAsync();
        _unbound.Dispose();
    }

    private string Fault(Exception exception)
    {
        var port = (endpoint as IPEndPoint)?.Port;
        return exception is AddressInUseException
            ? $"port {port} is taken by another program; see which: sudo ss -ltnp 'sport = :{port}'"
            : $"port {port} cannot be listened on: {exception.Message}";
    }
}
