using System.Net.Security;
using System.Security.Authentication;
using SmmAgent.Core.Reachability;
using SmmAgent.Linux.Network.Tls;

namespace SmmAgent.Linux.Network.Probes;

/// <summary>A TLS handshake with a valid certificate, followed by a probe inside TLS.</summary>
/// <param name="inside">The probe inside TLS; <see cref="PortProbe.None"/> for the handshake only.</param>
public sealed class TlsProbe(string serverName, CertificateValidator validator, PortProbe inside) : PortProbe
{
    private bool _isOpen;
    private bool _demandsCertificate;

    public override string Awaited => _isOpen ? inside.Awaited : "did not finish the TLS handshake";

    public override string Hint => _isOpen ? inside.Hint : $"; {HandshakeFailure.LostPackets}";

    public override async Task<PortProbeResult> RunAsync(Stream connection, CancellationToken cancel)
    {
        PortProbeResult? verdict = null;
        var peer = new FirstBytesStream(connection);
        await using var tls = new SslStream(peer, leaveInnerStreamOpen: true);
        try
        {
            await tls.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    TargetHost = serverName,
                    // A resumed session would present the previous certificate.
                    AllowTlsResume = false,
                    CertificateChainPolicy = validator.Policy(),
                    LocalCertificateSelectionCallback = (_, _, _, server, _) =>
                    {
                        _demandsCertificate |= server is not null;
                        return null!;
                    },
                    RemoteCertificateValidationCallback = (_, certificate, chain, errors) =>
                        (verdict = validator.Validate(serverName, certificate, chain, errors)).Outcome == Outcome.Ok,
                },
                cancel);
        }
        catch (AuthenticationException) when (verdict is not null && verdict.Outcome != Outcome.Ok)
        {
            return verdict;
        }
        catch (Exception exception) when (exception is AuthenticationException or IOException)
        {
            var isTls = !peer.HasAnswered || peer.LooksLikeTls;
            var reason = !isTls ? null : HandshakeFailure.Describe(exception, _demandsCertificate);
            return new(Outcome.NotReady, $"{DescribeFailure(peer, exception)}{(reason is null ? "" : $": it {reason}")}");
        }

        _isOpen = true;
        PortProbeResult result;
        try
        {
            result = await inside.RunAsync(tls, cancel);
        }
        catch (IOException exception) when (_demandsCertificate && HandshakeFailure.Describe(exception, _demandsCertificate) is { } demand)
        {
            return new(Outcome.NotReady, demand);
        }

        return result with { Certificate = verdict?.Certificate };
    }

    private static string DescribeFailure(FirstBytesStream peer, Exception exception) => exception switch
    {
        _ when peer.HasAnswered && !peer.LooksLikeTls => "answered something that is not TLS",
        IOException => "hung up during the TLS handshake",
        _ => "broke off the TLS handshake with an alert",
    };
}
