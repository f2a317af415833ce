using System.Net;
using System.Net.Sockets;

namespace SmmDashboard.Kubernetes.DialBack;

/// <summary>
/// The addresses under which this program reaches the API server: in a pod the cluster IP of the Service <c>kubernetes</c>.
/// </summary>
/// <param name="server">An address or a name.</param>
/// <param name="resolve">Resolves a name.</param>
/// <param name="time">A name is resolved again each minute.</param>
public sealed class ServerAddresses(Uri server, Func<string, CancellationToken, Task<IPAddress[]>> resolve, TimeProvider time)
{
    private static readonly TimeSpan Kept = TimeSpan.FromMinutes(1);
    private volatile Resolved? _last;

    public async ValueTask<bool> ContainsAsync(IPAddress address, CancellationToken cancellationToken)
    {
        if (IPAddress.TryParse(server.IdnHost, out var own))
            return own.Equals(address);

        if (_last is not { } last || time.GetUtcNow() >= last.Until)
            _last = last = new(await ResolveAsync(cancellationToken) ?? _last?.Addresses ?? [], time.GetUtcNow() + Kept);
        return last.Addresses.Contains(address);
    }

    private async Task<IPAddress[]?> ResolveAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await resolve(server.IdnHost, cancellationToken);
        }
        catch (SocketException)
        {
            return null;
        }
    }

    private sealed record Resolved(IPAddress[] Addresses, DateTimeOffset Until);
}
