using SmmAgent.Core.Reachability;
using SmmAgent.Linux.Network.Tls;

namespace SmmAgent.Linux.Network.Probes;

/// <summary>Whether somebody who understands TLS takes the connection.</summary>
/// <remarks>
/// Ports 15443, 15017, 50600 and 59411 of a meshexpansion gateway are no servers for a plain client. 15443 is AUTO_PASSTHROUGH: Envoy picks
/// the service by an SNI of the form <c>outbound_.PORT_._.HOST</c> and hangs up without a word when nothing matches; behind the others
/// stands mTLS, which asks for a workload certificate that the agent does not have. So a handshake that fails is what a healthy gateway
/// does, and says nothing against it. What counts: the connection is accepted, and a ClientHello meets a TLS record of any kind (a
/// handshake, an alert), or the silent end of the connection. Against it speak an answer that is no TLS, and no answer at all. More than
/// the first message of a handshake would cost both sides a key exchange, some ten times a minute, and tell nothing more. Whether the right
/// gateway stands there is seen on 15012, where istiod's certificate is checked.
/// </remarks>
public sealed class AnyTlsProbe(string serverName) : PortProbe
{
    public override string Awaited => "did not answer a TLS handshake";

    public override async Task<PortProbeResult> RunAsync(Stream connection, CancellationToken cancel)
    {
        var peer = new FirstBytesStream(connection);
        try
        {
            await peer.WriteAsync(ClientHello.For(serverName), cancel);
            _ = await peer.ReadAtLeastAsync(new byte[FirstBytesStream.Noted], FirstBytesStream.Noted, throwOnEndOfStream: false, cancel);
        }
        catch (IOException)
        {
            // Reset: also an end without a word.
        }

        return peer.HasAnswered && !peer.LooksLikeTls
            ? new(Outcome.NotReady, "answered something that is not TLS")
            : PortProbeResult.Ok;
    }
}
