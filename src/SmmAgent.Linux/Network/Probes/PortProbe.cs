using SmmAgent.Core.Reachability;

namespace SmmAgent.Linux.Network.Probes;

/// <summary>What a check of an open connection found.</summary>
/// <param name="Detail">A verb phrase that goes on after the endpoint; null when all is well.</param>
public sealed record PortProbeResult(Outcome Outcome, string? Detail, CertificateLife? Certificate = null)
{
    public static PortProbeResult Ok { get; } = new(Outcome.Ok, null);

    /// <summary>What the peer's clock says, when it was asked for and told.</summary>
    public DateTimeOffset? Date { get; init; }
}

/// <summary>What is to be seen on a port beyond its being open. One that throws IOException says that the peer hung up.</summary>
public abstract class PortProbe
{
    /// <summary>A port that is only connected to.</summary>
    public static PortProbe None { get; } = new ConnectOnly();

    /// <summary>What has not come when the time is over: <c>did not finish the TLS handshake</c>.</summary>
    public abstract string Awaited { get; }

    /// <summary>What else may be the reason when it has not come; empty where that says it all.</summary>
    public virtual string Hint => "";

    public abstract Task<PortProbeResult> RunAsync(Stream connection, CancellationToken cancel);

    private sealed class ConnectOnly : PortProbe
    {
        public override string Awaited => "did nothing";

        public override Task<PortProbeResult> RunAsync(Stream connection, CancellationToken cancel) => Task.FromResult(PortProbeResult.Ok);
    }
}
