using SmmAgent.Contract;
using SmmDashboard.Access;
using SmmDashboard.Agents;
using SmmDashboard.Http;

namespace SmmDashboard.Tokens;

/// <summary><c>POST GROUP/agents/{uuid}/token</c>: renews the agent's own bearer token.</summary>
public sealed class AgentTokenEndpoint(GroupAccess access, AgentAccess agents, IAgentTokens tokens)
{
    public void Map(IEndpointRouteBuilder routes) => routes.MapApi(HttpMethods.Post, $"{PresentedAgent.Pattern}/token", RenewAsync);

    private async Task<ApiProblem?> RenewAsync(HttpContext context)
    {
        var (admitted, problem) = await access.EnterAsync(context);
        if (admitted is null || !PresentedAgent.TryRead(context, out var identity, out problem))
            return problem;

        (var agent, problem) = await agents.EnterAsync(admitted.Group, identity, context.RequestAborted);
        if (agent is null)
            return problem;

        (var token, problem) = await tokens.RenewAsync(admitted.Token.Owner, context.RequestAborted);
        if (token is not null)
            await context.WriteJsonAsync(token, ContractJson.Default.TokenResponse);
        return problem;
    }
}
