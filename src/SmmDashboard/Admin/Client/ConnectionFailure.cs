using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using SmmAgent.Contract;

namespace SmmDashboard.Admin.Client;

/// <summary>Explains why an admin listener could not be read: the URL that was contacted, the reason and the fix.</summary>
/// <param name="server">The URL of the admin listener, without a password.</param>
internal sealed class ConnectionFailure(Uri server)
{
    private const string Url = "give --server the URL of --admin, not that of --listen";

    private string? _refusedCertificate;

    /// <summary>Validates the certificate of the listener, and records why it is refused.</summary>
    public bool Accepts(X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        _refusedCertificate = errors switch
        {
            SslPolicyErrors.None => null,
            _ when certificate is null => "it sent no certificate",
            _ when errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch) =>
                $"its certificate is not for the name {server.Host}; give --server a name of the certificate",
            _ when Has(chain, X509ChainStatusFlags.NotTimeValid) => "its certificate has expired or is not valid yet; renew it",
            _ => "its certificate is signed by an authority that is not trusted; give the authority: --ca-file PEM",
        };
        return errors == SslPolicyErrors.None;
    }

    /// <summary>The message for an exception of a request.</summary>
    public string Explain(Exception exception, TimeSpan timeout)
    {
        var socket = exception.InnerException as SocketException;
        var address = $"{(server.HostNameType == UriHostNameType.IPv6 ? server.Host : server.IdnHost)}:{server.Port}";
        return exception switch
        {
            _ when _refusedCertificate is { } refused => $"{server} is not trusted: {refused}",
            JsonException => $"{server} is not the admin listener of a dashboard: its answer is not a list of machines; {Url}",
            OperationCanceledException => $"{server} did not answer within {timeout.TotalSeconds:0} s; check the address and the firewall",
            HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError } =>
                $"{server} cannot be contacted: the name {server.IdnHost} is not known; give --server another URL",
            _ when socket is { SocketErrorCode: SocketError.ConnectionRefused } =>
                $"{server} does not answer: nothing listens on {address} (connection refused); start the dashboard with --admin {address}, "
                + "or give --server the URL of its admin listener",
            _ when socket is { SocketErrorCode: SocketError.TimedOut or SocketError.HostUnreachable or SocketError.NetworkUnreachable } =>
                $"{server} does not answer: {OneLine.LowerFirst(socket.Message)}; check the address, the route and the firewall",
            HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError }
                or { InnerException: AuthenticationException } =>
                $"{server} does not answer in TLS; if the admin listener has no certificate, use http://",
            HttpRequestException { HttpRequestError: HttpRequestError.ConfigurationLimitExceeded } =>
                $"{server} sent an answer that is too large; select some machines with a filter",
            HttpRequestException { HttpRequestError: HttpRequestError.InvalidResponse or HttpRequestError.ResponseEnded } =>
                $"{server} does not answer in HTTP; if the admin listener has a certificate, use https://",
            _ => $"{server} does not answer as an admin listener: {OneLine.From(exception.Message).TrimEnd('.')}; {Url}",
        };
    }

    private static bool Has(X509Chain? chain, X509ChainStatusFlags flag) =>
        chain?.ChainStatus.Any(status => status.Status.HasFlag(flag)) == true;
}
