using System.Net;
using System.Net.Sockets;
using SmmAgent.Contract;
using SmmAgent.Core.Network;
using SmmAgent.Core.Reachability;
using SmmAgent.Linux.Network.Connections;
using SmmAgent.Linux.Network.Names;
using SmmAgent.Linux.Network.Probes;

namespace SmmAgent.Linux.Network.Address;

/// <summary>The source address of the route to the first direct endpoint that was reached.</summary>
/// <param name="Source">The address; null when no endpoint was reached.</param>
/// <param name="Detail">The endpoint that was reached, or the reason why no endpoint was reached.</param>
public sealed record DirectRouteResult(IPAddress? Source, string Detail);

/// <summary>Finds the address that this VM uses towards the mesh when both are in the same network.</summary>
public sealed class DirectRoute(TimeProvider time, NameLookup names, TimeSpan? timeout = null)
{
    private const int MaximumEndpoints = Prober.MaximumAtOnce;
    private const int MostFaultsNamed = 3;

    private readonly TimeSpan _timeout = timeout ?? Connector.DefaultTimeout;

    /// <summary>Connects to all endpoints at the same time. The first reached endpoint of the list determines the result.</summary>
    public async Task<DirectRouteResult> FindAsync(IReadOnlyList<DirectEndpoint> endpoints, CancellationToken cancel)
    {
        if (endpoints.Count == 0)
            return new(null, "the mesh configuration names no direct endpoint");

        var results = await Task.WhenAll(endpoints.Take(MaximumEndpoints).Select(endpoint => TryAsync(endpoint, cancel)));
        return results.FirstOrDefault(result => result.Source is not null)
            ?? new(
                null,
                $"no direct endpoint was reached: {string.Join("; ", results.Take(MostFaultsNamed).Select(result => result.Detail))}");
    }

    private async Task<DirectRouteResult> TryAsync(DirectEndpoint endpoint, CancellationToken cancel)
    {
        var shown = $"{endpoint.Name} {endpoint.Address}:{endpoint.Port}";
        var name = await names.LookUpAsync(endpoint.Address, cancel);
        if (name.Outcome != Outcome.Ok)
            return new(null, $"{shown} {name.Detail}");

        var failure = "";
        using var deadline = new Deadline(_timeout, time, cancel);
        foreach (var address in name.Addresses)
        {
            try
            {
                // The local address of the connection is the source address that the kernel chose from its routes.
                using var socket = await Connector.ConnectAsync(new IPEndPoint(address, endpoint.Port), deadline.Token);
                return new(AddressRules.Normalize(((IPEndPoint)socket.LocalEndPoint!).Address), shown);
            }
            catch (OperationCanceledException) when (deadline.IsOver)
            {
                return new(null, $"{shown} did not answer within {_timeout.TotalSeconds:0.#} s");
            }
            catch (SocketException exception)
            {
                failure = Connector.FailureFrom(exception.SocketErrorCode).Detail;
            }
        }

        return new(null, $"{shown} {failure}");
    }
}
