using System.Net;
using System.Net.Sockets;
using SmmAgent.Contract;
using SmmAgent.Core.Network;
using SmmAgent.Core.Reachability;
using SmmAgent.Linux.Network.Connections;

namespace SmmAgent.Linux.Network.Names;

/// <summary>Resolves all addresses of a name, A and AAAA.</summary>
public delegate Task<IPAddress[]> ResolveName(string host, CancellationToken cancel);

/// <summary>Resolves names without a cache and with a strict time limit.</summary>
public sealed class NameLookup(TimeProvider time, ResolveName? resolve = null, TimeSpan? timeout = null)
{
    /// <summary>The maximum number of addresses that are used for one name.</summary>
    public const int MaximumAddresses = 16;

    private readonly ResolveName _resolve = resolve ?? HostResolver.ResolveAsync;
    private readonly TimeSpan _timeout = timeout ?? Connector.DefaultTimeout;

    /// <param name="host">A DNS name, or an IP address, which is returned unchanged.</param>
    public async Task<Resolution> LookUpAsync(string host, CancellationToken cancel)
    {
        if (IPAddress.TryParse(host, out var literal))
            return Resolution.Found(host, [AddressRules.Normalize(literal)]);

        using var deadline = new Deadline(_timeout, time, cancel);
        try
        {
            // getaddrinfo cannot be cancelled, so only the wait ends.
            var addresses = await _resolve(host, deadline.Token).WaitAsync(deadline.Token);
            var distinct = addresses.Select(AddressRules.Normalize).Distinct().Take(MaximumAddresses).ToList();
            return distinct.Count > 0
                ? Resolution.Found(host, distinct)
                : Resolution.Failed(host, Outcome.NoSuchName, "does not resolve: the name has no address");
        }
        catch (OperationCanceledException) when (deadline.IsOver)
        {
            return Resolution.Failed(
                host, Outcome.Timeout, $"does not resolve: the name server gave no answer within {_timeout.TotalSeconds:0.#} s");
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.TryAgain)
        {
            return Resolution.Failed(host, Outcome.Timeout, "does not resolve: no name server answered");
        }
        catch (SocketException)
        {
            return Resolution.Failed(host, Outcome.NoSuchName, "does not resolve: no such name");
        }
    }
}
