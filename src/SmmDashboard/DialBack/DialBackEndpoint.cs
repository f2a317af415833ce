using System.Net;
using SmmAgent.Contract;
using SmmDashboard.Access;
using SmmDashboard.Agents;
using SmmDashboard.Http;

namespace SmmDashboard.DialBack;

/// <summary><c>POST GROUP/agents/{uuid}/dial-back</c>: tests whether the cluster reaches the ports of the VM.</summary>
public sealed class DialBackEndpoint(
    GroupAccess access, AgentAccess agents, AddressPolicy policy, IClusterRanges cluster, DialBackLimits limits, Dialler dialler,
    DialBackResults kept)
{
    private const int MaximumBody = 8 * 1024;

    public void Map(IEndpointRouteBuilder routes) => routes.MapApi(HttpMethods.Post, $"{PresentedAgent.Pattern}/dial-back", DialAsync);

    private async Task<ApiProblem?> DialAsync(HttpContext context)
    {
        var (admitted, problem) = await access.EnterAsync(context);
        if (admitted is null)
            return problem;

        if (await RequestBody.ReadAsync(context, MaximumBody) is not { } body)
            return ApiProblem.BodyTooLarge(MaximumBody);

        var group = admitted.Group.Config.WorkloadGroup;
        if (!PresentedAgent.TryRead(context, out var identity, out problem)
            || !body.TryParse(reader => DialBackReader.Read(reader, group), out var request, out problem))
            return problem;

        (var agent, problem) = await agents.EnterAsync(admitted.Group, identity, context.RequestAborted);
        if (agent is null)
            return problem;

        if (agent.Address is not { } address)
            return ApiProblem.NoReport() with { Detail = "the last report of the agent has no address" };

        var id = admitted.Group.Id;
        // The rate is checked first, because reading the interfaces of the host is not free.
        var target = new DialTarget(id, identity.Uuid, address);
        problem = limits.Rates.Refuse(target, request.Ports.Count) ?? await EnterAsync(admitted, target, request.Ports.Count, context);
        if (problem is not null)
            return problem;

        var question = new AgentQuestion(request.Nonce, identity.Uuid);
        var results = await Task.WhenAll(request.Ports.Select(async port =>
        {
            try
            {
                var expected = port == DashboardApi.AgentPort ? question : null;
                return await dialler.DialAsync(new IPEndPoint(address, port), expected, context.RequestAborted);
            }
            finally
            {
                limits.Scheduler.Leave(id);
            }
        }));
        // A response on the agent's port proves that this agent has the address.
        if (results.Any(result => result is { Port: DashboardApi.AgentPort, Reachable: true }))
        {
            limits.Rates.Complete(target, request.Ports.Count);
            agents.Prove(id, identity.Uuid);
        }

        kept.Keep(id, identity.Uuid, results);
        var answer = new DialBackResponse(address.ToString(), admitted.Group.Config.Mesh.ClusterId, results);
        await context.WriteJsonAsync(answer, ContractJson.Default.DialBackResponse);
        return null;
    }

    private async ValueTask<ApiProblem?> EnterAsync(AdmittedGroup admitted, DialTarget target, int ports, HttpContext context)
    {
        var isEntered = false;
        try
        {
            if (await policy.RefuseAsync(
                target.Address, admitted.Group.Config.NetworkModel(), cluster, AddressPolicy.OwnAddresses(), context.RequestAborted)
                is { } reason)
                return ApiProblem.AddressNotAllowed(reason);

            isEntered = await limits.Scheduler.TryEnterAsync(target.Group, ports, context.RequestAborted);
            return isEntered ? null
                : ApiProblem.TooManyRequests("too many dial-backs of this WorkloadGroup are waiting", DialScheduler.LongestWait);
        }
        finally
        {
            if (!isEntered)
                limits.Rates.Cancel(target, ports);
        }
    }
}
