using SmmAgent.Contract;
using SmmDashboard.Agents;
using SmmDashboard.Groups;
using SmmDashboard.Registration;
using RegistrationAnswer = SmmAgent.Contract.Registration;

namespace SmmDashboard.Embedded.Registration;

/// <summary>Determines registrations from the sidecars that are connected to this dashboard.</summary>
public sealed class ConnectedSidecars(RegisteredEntries entries, RecentRefusals refusals) : IRegistrations
{
    public ValueTask<RegistrationAnswer> FindAsync(ServedGroup group, Guid uuid, KnownAgent agent, CancellationToken cancellationToken) =>
        ValueTask.FromResult(Find(group, uuid, agent));

    private RegistrationAnswer Find(ServedGroup group, Guid uuid, KnownAgent agent)
    {
        var name = agent.Address is { } address
            ? WorkloadEntryName.Create(group.Id.Name, address.ToString(), group.Config.WorkloadGroup.Network)
            : null;
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
                ? $"WorkloadEntry {entry.Name} exists, but its sidecar is not connected; "
                    + $"the entry is removed {RegisteredEntries.Grace.TotalSeconds:0} s after the disconnect"
                : $"WorkloadEntry {entry.Name} belongs to revision {entry.Revision}, but the control plane of this VM is {revision}; "
                    + "move the sidecar with: sudo systemctl restart istio",
        };
    }

    private static RegistrationAnswer NotRegistered(string? refusal) => new()
    {
        Registered = false,
        Reason = refusal ?? RegistrationReasons.NotConnected,
        Healthy = "Unknown",
        Message = refusal switch
        {
            RegistrationReasons.TokenRefused =>
                "the token of the sidecar was refused; check that the clock of the VM is correct and that istio-token is renewed",
            RegistrationReasons.GroupNotFound =>
                "the sidecar requested a WorkloadGroup that does not exist; reconcile and restart istio.service",
            RegistrationReasons.IdentityMismatch =>
                "the service account of the sidecar is not that of the WorkloadGroup; reconcile and restart istio.service",
            RegistrationReasons.StaleEntry =>
                "a WorkloadEntry of another revision existed; it has been removed, and the next attempt of the sidecar registers it",
            RegistrationReasons.NameInvalid =>
                "the name of the WorkloadEntry would be invalid; shorten the name of the group or of the network",
            _ => "no sidecar of this VM is connected to the control plane; is istio.service running, and are the gateways reachable?",
        },
    };
}
