using System.Net;

namespace SmmAgent.Core.Reachability;

/// <summary>The result of one probe of one address.</summary>
/// <param name="Address">The IP address; the DNS name where it did not resolve.</param>
/// <param name="Detail">A verb phrase that follows the endpoint: <c>refused the connection</c>; null if the probe succeeded.</param>
public sealed record ProbeResult(ProbeTarget Target, string Address, Outcome Outcome, string? Detail)
{
    /// <summary>The time to connect, if a connection was made.</summary>
    public TimeSpan? Latency { get; init; }

    /// <summary>Whether this host has no route to any address of this family.</summary>
    public bool NoRoute { get; init; }

    /// <summary>
    /// The certificate of a valid chain that expires first; for a chain outside its validity, the certificate that is outside.
    /// </summary>
    public CertificateLife? Certificate { get; init; }

    /// <summary>
    /// How far the peer's clock is ahead of this host's (negative: behind), to about a second; null if the peer did not report it.
    /// </summary>
    public TimeSpan? ClockAhead { get; init; }

    /// <summary>The result if the sidecar captured the connection: the observed peer was the sidecar.</summary>
    public ProbeResult AsCaptured() =>
        new(Target, Address, Outcome.Captured, "was not reached directly: the sidecar captures this program's own connections to it");

    /// <summary>Whether an address was probed; otherwise the name did not resolve.</summary>
    public bool IsAddress => IPAddress.TryParse(Address, out _);

    /// <summary><c>13.48.73.61:15012</c>, <c>[2001:db8::1]:15012</c>, followed by the DNS name if there is one.</summary>
    public string Endpoint()
    {
        var address = Address.Contains(':', StringComparison.Ordinal) ? $"[{Address}]" : Address;
        return IPAddress.TryParse(Target.Host, out _) || Target.Host == Address
            ? $"{address}:{Target.Port}"
            : $"{address}:{Target.Port} ({Target.Host})";
    }
}

/// <summary>The subject and the validity of a certificate.</summary>
public sealed record CertificateLife(string Subject, DateTimeOffset NotBefore, DateTimeOffset NotAfter)
{
    /// <summary>
    /// Whether the expiry is reported: within a week, or in the last third of a shorter life, when the renewal is late.
    /// </summary>
    public bool EndsSoon(DateTimeOffset now)
    {
        var third = (NotAfter - NotBefore) / 3;
        return NotAfter - now < (third < Week ? third : Week);
    }

    private static readonly TimeSpan Week = TimeSpan.FromDays(7);
}
