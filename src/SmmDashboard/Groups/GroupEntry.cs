using SmmAgent.Contract;

namespace SmmDashboard.Groups;

/// <summary>One WorkloadGroup as its source describes it.</summary>
/// <param name="Id">Its namespace and name.</param>
/// <param name="Account">The service account with the tokens that open the group.</param>
/// <param name="Served">The configuration; null until there is a valid one.</param>
/// <param name="Fault">The reason for a missing configuration; null when there is one.</param>
public sealed record GroupEntry(GroupId Id, ServiceAccount Account, ServedGroup? Served, string? Fault = null)
{
    /// <summary>The audience that the control plane of the group requires in tokens of sidecars.</summary>
    public string SidecarAudience { get; init; } = DashboardApi.SidecarAudience;

    public static GroupEntry From(ServedGroup served) =>
        new(served.Id, new ServiceAccount(served.Id.Namespace, served.Config.WorkloadGroup.ServiceAccount), served);

    /// <summary>Whether both entries are served equally, so that held requests need no response.</summary>
    public bool IsServedAs(GroupEntry other) =>
        Served?.ETag == other.Served?.ETag
        && Account == other.Account && Fault == other.Fault && SidecarAudience == other.SidecarAudience;
}
