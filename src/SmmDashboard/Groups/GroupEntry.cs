using SmmAgent.Contract;

namespace SmmDashboard.Groups;

/// <summary>What is known of one WorkloadGroup.</summary>
/// <param name="Id">Its namespace and name.</param>
/// <param name="Account">The service account whose tokens open it.</param>
/// <param name="Served">Its configuration; null while there has never been a valid one.</param>
/// <param name="Fault">Why there is no configuration; null when there is one.</param>
public sealed record GroupEntry(GroupId Id, ServiceAccount Account, ServedGroup? Served, string? Fault = null)
{
    /// <summary>The audience that the group's control plane asks of the tokens of sidecars.</summary>
    public string SidecarAudience { get; init; } = DashboardApi.SidecarAudience;

    public static GroupEntry From(ServedGroup served) =>
        new(served.Id, new ServiceAccount(served.Id.Namespace, served.Config.WorkloadGroup.ServiceAccount), served);

    /// <summary>Whether both are served alike, so that no held request needs an answer.</summary>
    public bool IsServedAs(GroupEntry other) =>
        ReferenceEquals(Served, other.Served) && Account == other.Account && Fault == other.Fault && SidecarAudience == other.SidecarAudience;
}
