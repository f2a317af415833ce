using System.Net;
using SmmDashboard.Mesh;

namespace SmmDashboard.Registration;

/// <summary>The entry of one connected sidecar. The connection that made it holds it.</summary>
public sealed class WorkloadEntry(string name, GroupName group, IPAddress address, Guid? uuid)
{
    private volatile string _healthy = "Unknown";

    public string Name { get; } = name;

    public GroupName Group { get; } = group;

    public IPAddress Address { get; } = address;

    public Guid? Uuid { get; } = uuid;

    /// <summary>When its sidecar disconnected; null while it is connected.</summary>
    public DateTimeOffset? DisconnectedAt { get; set; }

    /// <summary><c>True</c>, <c>False</c> or <c>Unknown</c>, as the sidecar said last.</summary>
    public string Healthy
    {
        get => _healthy;
        set => _healthy = value;
    }

    /// <summary>Whether it is the entry of this agent. A uuid decides when the sidecar sent one, else the address does.</summary>
    public bool IsOf(GroupName group, Guid uuid, IPAddress? address) =>
        Group == group && (Uuid is { } own ? own == uuid : Address.Equals(address));
}
