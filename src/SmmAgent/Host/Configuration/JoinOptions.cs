namespace SmmAgent.Host.Configuration;

/// <summary>The arguments of <c>smm-agent join</c>.</summary>
internal sealed record JoinOptions(string Url)
{
    /// <summary><c>NAMESPACE/NAME</c>.</summary>
    public required string WorkloadGroup { get; init; }

    public required string TokenFile { get; init; }

    public string? NodeIp { get; init; }

    public string? Proxy { get; init; }

    /// <summary>A file with <see cref="Proxy"/>.</summary>
    public string? ProxyFile { get; init; }

    public string? CaFile { get; init; }

    public string? CaSha256 { get; init; }

    public bool AllowPlaintext { get; init; }

    /// <summary>Whether another dashboard or WorkloadGroup in agent.yaml is replaced.</summary>
    public bool Replace { get; init; }

    public bool Reconcile { get; init; }
}
