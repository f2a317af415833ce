using SmmAgent.Contract;
using SmmDashboard.Access;
using SmmDashboard.Agents;
using SmmDashboard.Http;

namespace SmmDashboard.Registration;

/// <summary><c>GET GROUP/agents/{uuid}/registration</c>: whether the VM has a WorkloadEntry, and the reason if it has none.</summary>
public sealed class RegistrationEndpoint(GroupAccess access, AgentAccess agents, IRegistrations registrations)
{
    public void Map(IEndpointRouteBuilder routes) => routes.MapApi(HttpMethods.Get, $"{PresentedAgent.Pattern}/registration", GetAsync);

    private async Task<ApiProblem?> GetAsync(HttpContext context)
    {
        var (admitted, problem) = await access.EnterAsync(context);
        if (admitted is null || !PresentedAgent.TryRead(context, out var identity, out problem))
            return problem;

        (var agent, problem) = await agents.EnterAsync(admitted.Group, identity, context.RequestAborted);
        if (agent is null)
            return problem;

        var answer = await registrations.FindAsync(admitted.Group, identity.Uuid, agent, context.RequestAborted);
        if (answer.Registered)
            agents.Prove(admitted.Group.Id, identity.Uuid);
        await context.WriteJsonAsync(answer, ContractJson.Default.Registration);
        return null;
    }
}
