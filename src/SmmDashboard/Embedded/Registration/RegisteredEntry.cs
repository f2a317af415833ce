using System.Net;
using SmmAgent.Contract;
using SmmDashboard.Groups;

namespace SmmDashboard.Embedded.Registration;

/// <summary>The WorkloadEntry of one connected sidecar. The connection that created it holds it.</summary>
public sealed class RegisteredEntry(
    string name, GroupId group, IPAddress address, SpiffeId identity, IReadOnlyDictionary<string, string> labels)
{
    private volatile string _healthy = "Unknown";

    public string Name { get; } = name;

    public GroupId Group { get; } = group;

    public IPAddress Address { get; } = address;

    /// <summary>The identity that the sidecar proved.</summary>
    public SpiffeId Identity { get; } = identity;

    /// <summary>The labels of the WorkloadGroup, overridden by those that the sidecar sent.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; set; } = labels;

    public string? Revision => Labels.GetValueOrDefault(EntryLabels.Revision);

    public Guid? Uuid => Guid.TryParseExact(Labels.GetValueOrDefault(EntryLabels.Uuid), "D", out var uuid) ? uuid : null;

    /// <summary>When the sidecar disconnected; null while it is connected.</summary>
    public DateTimeOffset? DisconnectedAt { get; set; }

    /// <summary>The last health that the sidecar reported: <c>True</c>, <c>False</c> or <c>Unknown</c>.</summary>
    public string Healthy
    {
        get => _healthy;
        set => _healthy = value;
    }

    /// <summary>Whether a control plane reads the entry. All control planes read an entry without a revision label.</summary>
    public bool IsSeenBy(string revision) => Revision is null || Revision == revision;

    /// <summary>
    /// Whether both entries belong to the same sidecar. The address is not compared, because the sidecar cannot prove it.
    /// </summary>
    public bool HasSameOwner(RegisteredEntry other) =>
        Group == other.Group && Name == other.Name && Identity == other.Identity && Uuid == other.Uuid;

    /// <summary>Whether this may be the entry of the agent.</summary>
    /// <remarks>
    /// The name contains the address. The entry of a VM with a new uuid has the old uuid until its sidecar is restarted.
    /// </remarks>
    public bool Matches(GroupId group, Guid uuid, string? name, IPAddress? address) =>
        Group == group && (Uuid == uuid || Name == name || (Uuid is null && Address.Equals(address)));
}
