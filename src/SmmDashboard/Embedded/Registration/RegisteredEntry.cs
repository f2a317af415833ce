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
    public IReadOnlyDictionary<string, string> Labels { get; private set; } = labels;

    public string? Revision => Labels.GetValueOrDefault(EntryLabels.Revision);

    /// <summary>Read once from the labels, because look-ups compare it.</summary>
    public Guid? Uuid { get; } =
        Guid.TryParseExact(labels.GetValueOrDefault(EntryLabels.Uuid), "D", out var uuid) ? uuid : null;

    /// <summary>When the sidecar disconnected; null while it is connected.</summary>
    public DateTimeOffset? DisconnectedAt { get; set; }

    /// <summary>The last health that the sidecar reported: <c>True</c>, <c>False</c> or <c>Unknown</c>.</summary>
    public string Healthy
    {
        get => _healthy;
        set => _healthy = value;
    }

    /// <summary>Takes the labels of the existing entry of the same owner, and so of the same uuid.</summary>
    public void TakeLabels(RegisteredEntry existing) => Labels = existing.Labels;

    /// <summary>Whether a control plane reads the entry. All control planes read an entry without a revision label.</summary>
    public bool IsSeenBy(string revision) => Revision is null || Revision == revision;
}
