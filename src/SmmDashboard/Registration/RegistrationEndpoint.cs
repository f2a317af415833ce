using SmmAgent.Contract;
using SmmDashboard.Agents;
using SmmDashboard.Http;
using RegistrationAnswer = SmmAgent.Contract.Registration;

namespace SmmDashboard.Registration;

/// <summary><c>GET GROUP/agents/{uuid}/registration</c>: whether the VM has a WorkloadEntry, and why not.</summary>
public sealed class RegistrationEndpoint(GroupAccess access, AgentAccess agents, WorkloadEntries entries, Refusals refusals)
{
    public void Map(IEndpointRouteBuilder routes) => routes.MapApi(HttpMethods.Get, $"{AgentIdentity.Pattern}/registration", GetAsync);

    private async Task<ApiProblem?> GetAsync(HttpContext context)
    {
        if (!access.TryEnter(context, out var admitted, out var problem)
            || !AgentIdentity.TryRead(context, out var identity, out problem)
            || !agents.TryEnter(admitted.Group, identity, out var agent, out problem))
            return problem;

        var entry = entries.Find(admitted.Group.Id, identity.Uuid, agent.Address);
        var answer = entry is not null ? Registered(entry) : NotRegistered(refusals.Find(identity.Uuid, agent.Address));
        await context.WriteJsonAsync(answer, ContractJson.Default.Registration);
        return null;
    }

    private static RegistrationAnswer Registered(WorkloadEntry entry) => new()
    {
        Registered = true,
        Reason = RegistrationReasons.Registered,
        WorkloadEntry = entry.Name,
        Healthy = entry.Healthy,
        Message = entry.DisconnectedAt is null
            ? $"WorkloadEntry {entry.Name} exists"
            : $"WorkloadEntry {entry.Name} exists, but its sidecar has just disconnected; it is removed {WorkloadEntries.Grace.TotalSeconds:0} s later",
    };

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
            RegistrationReasons.NameInvalid => "the WorkloadEntry's name would be invalid; shorten the group's or the network's name",
            _ => "no sidecar of this VM is connected to the control plane; is istio.service running, and are the gateways reachable?",
        },
    };
}
