using SmmAgent.Contract;
using SmmDashboard.Agents;
using SmmDashboard.Groups;
using SmmDashboard.Registration;
using RegistrationAnswer = SmmAgent.Contract.Registration;

namespace SmmDashboard.Embedded.Registration;

/// <summary>ApiEndpoints from the sidecars that are connected to this dashboard.</summary>
public sealed class ConnectedSidecars(RegisteredEntries entries, RecentRefusals refusals) : IRegistrations
{
    public ValueTask<RegistrationAnswer> FindAsync(ServedGroup group, Guid uuid, KnownAgent agent, CancellationToken cancellationToken) =>
        ValueTask.FromResult(Find(group, uuid, agent));

    private RegistrationAnswer Find(ServedGroup group, Guid uuid, KnownAgent agent)
    {
        var name = agent.Address is { } address ? WorkloadEntryName.Of(group.Id.Name, address.ToString(), group.Config.WorkloadGroup.Network) : null;
        var entry = entries.Find(group.Id, uuid, name, agent.Address);
        return entry is null ? NotRegistered(refusals.Find(uuid, agent.Address))
            : entries.IsRegistered(entry) ? Registered(entry)
            : NotRegistered(entry, group.Config.Mesh.RevisionLabel());
    }

    private static RegistrationAnswer Registered(RegisteredEntry entry) => new()
    {
        Registered = true,
        Reason = RegistrationReasons.Registered,
        WorkloadEntry = entry.Name,
        Healthy = entry.Healthy,
        Message = $"WorkloadEntry {entry.Name} exists",
    };

    private static RegistrationAnswer NotRegistered(RegisteredEntry entry, string revision)
    {
        var isSeen = entry.IsSeenBy(revision);
        return new()
        {
            Registered = false,
            Reason = isSeen ? RegistrationReasons.NotConnected : RegistrationReasons.StaleEntry,
            WorkloadEntry = entry.Name,
            Healthy = "Unknown",
            Message = isSeen
                ? $"WorkloadEntry {entry.Name} exists, but its sidecar is not connected; it is removed {RegisteredEntries.Grace.TotalSeconds:0} s after the disconnect"
                : $"WorkloadEntry {entry.Name} belongs to revision {entry.Revision}, and this VM's control plane is {revision}: "
                    + "the sidecar moves with sudo systemctl restart istio",
        };
    }

    private static RegistrationAnswer NotRegistered(string? refusal) => new()
    {
        Registered = false,
        Reason = refusal ?? RegistrationReasons.NotConnected,
        Healthy = "Unknown",
        Message = refusal switch
        {
            RegistrationReasons.TokenRefused => "the sidecar's token was refused; is the VM's clock right, and is the istio-token renewed?",
            RegistrationReasons.GroupNotFound => "the sidecar asked for a WorkloadGroup that does not exist; reconcile and restart istio.service",
            RegistrationReasons.IdentityMismatch => "the sidecar's service account is not the WorkloadGroup's; reconcile and restart istio.service",
            RegistrationReasons.StaleEntry => "a WorkloadEntry of another revision was in the way; it is gone, and the sidecar's next try registers",
            RegistrationReasons.NameInvalid => "the WorkloadEntry's name would be invalid; shorten the group's or the network's name",
            _ => "no sidecar of this VM is connected to the control plane; is istio.service running, and are the gateways reachable?",
        },
    };
}
