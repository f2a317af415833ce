using SmmAgent.Core.Reachability;

namespace SmmAgent.Linux.Network.Probes;

/// <summary>The result of a probe of an open connection.</summary>
/// <param name="Detail">A verb phrase that follows the endpoint in messages; null on success.</param>
public sealed record PortProbeResult(Outcome Outcome, string? Detail, CertificateLife? Certificate = null)
{
    public static PortProbeResult Ok { get; } = new(Outcome.Ok, null);

    /// <summary>The time of the clock of the peer; null when it was not requested or not sent.</summary>
    public DateTimeOffset? Date { get; init; }
}

/// <summary>A probe of an open connection to a port. An IOException means that the peer closed the connection.</summary>
public abstract class PortProbe
{
    /// <summary>Probes only the connection.</summary>
    public static PortProbe None { get; } = new ConnectOnly();

    /// <summary>The message after a timeout: <c>did not finish the TLS handshake</c>.</summary>
    public abstract string Awaited { get; }

    /// <summary>A possible cause of the timeout, appended to the message; may be empty.</summary>
    public virtual string Hint => "";

    public abstract Task<PortProbeResult> RunAsync(Stream connection, CancellationToken cancel);

    private sealed class ConnectOnly : PortProbe
    {
        public override string Awaited => "did nothing";

        public override Task<PortProbeResult> RunAsync(Stream connection, CancellationToken cancel) => Task.FromResult(PortProbeResult.Ok);
    }
}
