using SmmAgent.Core.Reachability;
using SmmAgent.Linux.Network.Tls;

namespace SmmAgent.Linux.Network.Probes;

/// <summary>Probes whether a TLS server accepts the connection.</summary>
/// <remarks>
/// Ports 15443, 15017, 50600 and 59411 of a meshexpansion gateway do not serve a plain client. Port 15443 is AUTO_PASSTHROUGH: Envoy picks
/// the service by an SNI of the form <c>outbound_.PORT_._.HOST</c> and closes the connection without an answer when none matches. The other
/// ports use mTLS, which requires a workload certificate that the agent does not have. So a healthy gateway fails the handshake. The probe
/// succeeds if the connection is accepted and the answer to a ClientHello is any TLS record (a handshake, an alert) or the end of the
/// connection. It fails if the answer is not TLS, or if there is no answer. More than the first message of a handshake would cost both
/// sides a key exchange, some ten times a minute, without more information. The probe of port 15012 verifies that it is the right gateway,
/// because it checks the certificate of istiod.
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
            // A reset is an end of the connection as well.
        }

        return peer.HasAnswered && !peer.LooksLikeTls
            ? new(Outcome.NotReady, "answered something that is not TLS")
            : PortProbeResult.Ok;
    }
}
