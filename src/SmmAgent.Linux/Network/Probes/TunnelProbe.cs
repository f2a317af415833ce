using SmmAgent.Core.Network;
using SmmAgent.Core.Reachability;
using SmmAgent.Linux.Network.Proxies;

namespace SmmAgent.Linux.Network.Probes;

/// <summary>A tunnel through a proxy, followed by a probe inside the tunnel.</summary>
internal sealed class TunnelProbe(ProxyAddress proxy, string host, int port, PortProbe inside) : PortProbe
{
    private bool _isOpen;

    public override string Awaited => _isOpen ? inside.Awaited : $"did not connect to {HostPort.Text(host, port)}";

    public override string Hint => _isOpen ? inside.Hint : "";

    public override async Task<PortProbeResult> RunAsync(Stream connection, CancellationToken cancel)
    {
        if (await ProxyTunnel.OpenAsync(connection, proxy, host, port, cancel) is { } failure)
            return new(Outcome.NotReady, failure);

        _isOpen = true;
        return await inside.RunAsync(connection, cancel);
    }
}
