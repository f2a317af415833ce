using SmmAgent.Contract;
using SmmDashboard.Groups;

namespace SmmDashboard.Admin.Mesh;

/// <summary>The control planes of the mesh and the faults of its configuration, for people.</summary>
public interface IMeshView
{
    IReadOnlyList<ControlPlaneView> ControlPlanes { get; }

    IReadOnlyList<MeshFaultView> Faults { get; }

    /// <summary>
    /// The command that writes a bearer token of an account to the file bearer-token; null when tokens are made otherwise.
    /// </summary>
    string? TokenCommand(ServiceAccount account);
}

/// <summary>A control plane.</summary>
public sealed record ControlPlaneView
{
    /// <summary>The value of the label <c>istio.io/rev</c>.</summary>
    public required string Revision { get; init; }

    public required string Namespace { get; init; }

    public string Version { get; init; } = "";

    public string MeshId { get; init; } = "";

    public string ClusterId { get; init; } = "";

    public string TrustDomain { get; init; } = "";

    public string Network { get; init; } = "";

    /// <summary>The status as the cluster reports it; empty when it does not report one.</summary>
    public string Status { get; init; } = "";

    /// <summary>The revision tags that stand for the control plane.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    public IReadOnlyList<MeshExpansionGateway> Gateways { get; init; } = [];
}

/// <summary>A fault of the configuration.</summary>
/// <param name="Source">The object or the file.</param>
/// <param name="Message">What is wrong, and how to correct it.</param>
/// <param name="Group">The WorkloadGroup that it belongs to; null for the whole mesh.</param>
public sealed record MeshFaultView(string Source, string Message, GroupId? Group = null);
