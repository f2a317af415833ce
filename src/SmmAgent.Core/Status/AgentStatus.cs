using SmmAgent.Contract;

namespace SmmAgent.Core.Status;

/// <summary>The content of status.json. Every member is always present; an unknown value is null.</summary>
public sealed record AgentStatus
{
    public required AgentInfo Agent { get; init; }

    /// <summary>The verdict; null in a file of a version before it.</summary>
    public AttachmentStatus? Attachment { get; init; }

    /// <summary>Null until the operator set it.</summary>
    public GroupName? WorkloadGroup { get; init; }

    /// <summary>Null while it is not known.</summary>
    public AddressReport? Address { get; init; }

    public required NetworkStatus Network { get; init; }

    public required IReadOnlyList<GatewayStatus> Gateways { get; init; }

    public required IReadOnlyList<PortStatus> Ports { get; init; }

    /// <summary>Null if the sidecar is not managed.</summary>
    public SidecarStatus? Sidecar { get; init; }

    public required IReadOnlyList<Condition> Conditions { get; init; }

    public required DateTimeOffset UpdatedAt { get; init; }
}

public sealed record AgentInfo(string Version, Guid? Uuid);

public sealed record GroupName(string Namespace, string Name)
{
    public override string ToString() => $"{Namespace}/{Name}";
}

/// <param name="Model"><c>same-network</c> or <c>different-network</c>; null while it is not known.</param>
public sealed record NetworkStatus(string? Model);

/// <param name="Outcome">One of the words of <see cref="Reachability.OutcomeNames"/>.</param>
public sealed record GatewayStatus(string Name, string Address, int Port, string Outcome, double? LatencyMs);

/// <param name="Wanted">Whether the configuration in force asks for it.</param>
/// <param name="Open">Whether the host's firewall lets it in; null when that cannot be seen.</param>
/// <param name="ReachableFromCluster">Whether the cluster reached it; null before the first attempt.</param>
public sealed record PortStatus(int Port, string Name, bool? Wanted, bool? Open, bool? ReachableFromCluster);

/// <param name="Version">The installed version; null when there is none, or it is not known.</param>
/// <param name="Running">Whether istio.service runs; null when that is not known.</param>
/// <param name="Ready">Whether the sidecar reports that it is ready; null if that is not known.</param>
/// <param name="Since">When it was started; null while it does not run.</param>
public sealed record SidecarStatus(string? Version, bool? Running, bool? Ready, DateTimeOffset? Since);
