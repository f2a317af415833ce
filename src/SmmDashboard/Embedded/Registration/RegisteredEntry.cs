using System.Net;
using SmmAgent.Contract;
using SmmDashboard.Groups;

namespace SmmDashboard.Embedded.Registration;

/// <summary>The entry of one connected sidecar. The connection that made it holds it.</summary>
public sealed class RegisteredEntry(string name, GroupId group, IPAddress address, SpiffeId identity, IReadOnlyDictionary<string, string> labels)
{
    private volatile string _healthy = "Unknown";

    public string Name { get; } = name;

    public GroupId Group { get; } = group;

    public IPAddress Address { get; } = address;

    /// <summary>The identity that its sidecar proved.</summary>
    public SpiffeId Identity { get; } = identity;

    /// <summary>The WorkloadGroup's labels, and over them what the sidecar sent.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; set; } = labels;

    public string? Revision => Labels.GetValueOrDefault(EntryLabels.Revision);

    public Guid? Uuid => Guid.TryParseExact(Labels.GetValueOrDefault(EntryLabels.Uuid), "D", out var uuid) ? uuid : null;

    /// <summary>When its sidecar disconnected; null while it is connected.</summary>
    public DateTimeOffset? DisconnectedAt { get; set; }

    /// <summary><c>True</c>, <c>False</c> or <c>Unknown</c>, as the sidecar said last.</summary>
    public string Healthy
    {
        get => _healthy;
        set => _healthy = value;
    }

    /// <summary>Whether a control plane reads it: one without a label is read by all.</summary>
    public bool IsSeenBy(string revision) => Revision is null || Revision == revision;

    /// <summary>Whether it is the same sidecar's: what that says of its address proves nothing.</summary>
    public bool HasSameOwner(RegisteredEntry other) => Group == other.Group && Name == other.Name && Identity == other.Identity && Uuid == other.Uuid;

    /// <summary>Whether it may be the entry of this agent. Its name has the address in it: until the sidecar of a VM with a new uuid is restarted, its entry has the old one.</summary>
    public bool Matches(GroupId group, Guid uuid, string? name, IPAddress? address) =>
        Group == group && (Uuid == uuid || Name == name || (Uuid is null && Address.Equals(address)));
}
