using System.Net.Sockets;
using System.Security.Authentication;

namespace SmmAgent.Linux.Network.Tls;

/// <summary>Explains TLS handshake failures other than an invalid server certificate, from the messages of OpenSSL.</summary>
internal static class HandshakeFailure
{
    public const string LostPackets =
        "if small answers arrive and large ones do not, large packets are lost on the way: see the MTU of VPNs, tunnels and "
            + "interfaces (ip link), "
        + "and ICMP that is filtered";

    /// <param name="demandsCertificate">Whether the server asked for a client certificate.</param>
    /// <returns>A verb phrase with the remediation; null when the cause is unknown.</returns>
    public static string? Describe(Exception exception, bool demandsCertificate)
    {
        var text = "";
        for (var inner = exception; inner is not null; inner = inner.InnerException)
            text += inner.Message + "\n";
        bool Has(string words) => text.Contains(words, StringComparison.OrdinalIgnoreCase);
        var isEnded = Has("alert") || exception.GetBaseException() is IOException or AuthenticationException or SocketException;
        if (Has("certificate required") || (demandsCertificate && isEnded))
            return "demands a client certificate, and the agent has none: have what is in front of the dashboard require none";
        if (Has("protocol version") || Has("unsupported protocol") || Has("legacy sigalg") || Has("no protocols available")
            || Has("wrong version number"))
            return Has("wrong version number")
                ? "speaks no TLS on this port"
                : "speaks no version of TLS that this host accepts: have it offer TLS 1.2 or 1.3 (TLS 1.1 and older are not secure)";
        if (Has("no application protocol"))
            return "does not speak HTTP/1.1: have it accept HTTP/1.1 beside HTTP/2";
        if (Has("too small") || Has("too weak"))
            return "uses a key or a signature that is too weak for this host: have it use RSA of 2048 bits or more, or ECDSA, and SHA-256";
        if (Has("unrecognized name"))
            return "knows no server of that name: see its certificates and routes";
        return Has("alert handshake failure") || Has("no shared cipher") || Has("no cipher")
            ? "speaks no version of TLS that this host accepts, or shares no cipher with it: have it offer TLS 1.2 or 1.3 with "
                + "the usual ciphers "
                + "(TLS 1.1 and older are not secure)"
            : null;
    }
}
