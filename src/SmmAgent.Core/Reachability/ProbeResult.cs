using System.Net;

namespace SmmAgent.Core.Reachability;

/// <summary>What one probe of one address saw.</summary>
/// <param name="Address">The IP address; the DNS name where it did not resolve.</param>
/// <param name="Detail">A verb phrase that goes on after the endpoint: <c>refused the connection</c>; null when all is well.</param>
public sealed record ProbeResult(ProbeTarget Target, string Address, Outcome Outcome, string? Detail)
{
    /// <summary>The time to connect, when it did.</summary>
    public TimeSpan? Latency { get; init; }

    /// <summary>Whether this host has no way at all to addresses of this family.</summary>
    public bool NoRoute { get; init; }

    /// <summary>
    /// The certificate of the chain that expires first when the chain was good; the one that is at fault when its time is the fault.
    /// </summary>
    public CertificateLife? Certificate { get; init; }

    /// <summary>
    /// How far the peer's clock is ahead of this host's (negative: behind), to about a second; null when it did not tell.
    /// </summary>
    public TimeSpan? ClockAhead { get; init; }

    /// <summary>What is left of the result when the sidecar captured the connection: whatever was seen there was the sidecar.</summary>
    public ProbeResult AsCaptured() =>
        new(Target, Address, Outcome.Captured, "was not reached directly: the sidecar captures this program's own connections to it");

    /// <summary>Whether there was an address to try; else it is the name that did not resolve.</summary>
    public bool IsAddress => IPAddress.TryParse(Address, out _);

    /// <summary><c>13.48.73.61:15012</c>, <c>[2001:db8::1]:15012</c>, with the DNS name behind it where there is one.</summary>
    public string Endpoint()
    {
        var address = Address.Contains(':', StringComparison.Ordinal) ? $"[{Address}]" : Address;
        return IPAddress.TryParse(Target.Host, out _) || Target.Host == Address
            ? $"{address}:{Target.Port}"
            : $"{address}:{Target.Port} ({Target.Host})";
    }
}

/// <summary>Whose certificate it is, and from when to when it is valid.</summary>
public sealed record CertificateLife(string Subject, DateTimeOffset NotBefore, DateTimeOffset NotAfter)
{
    /// <summary>
    /// Whether people should hear of its end: within a week, or in the last third of a shorter life, which is when renewal is late.
    /// </summary>
    public bool EndsSoon(DateTimeOffset now)
    {
        var third = (NotAfter - NotBefore) / 3;
        return NotAfter - now < (third < Week ? third : Week);
    }

    private static readonly TimeSpan Week = TimeSpan.FromDays(7);
}
