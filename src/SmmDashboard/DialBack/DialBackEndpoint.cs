using System.Net;
using SmmAgent.Contract;
using SmmDashboard.Agents;
using SmmDashboard.Http;

namespace SmmDashboard.DialBack;

/// <summary><c>POST GROUP/agents/{uuid}/dial-back</c>: whether the cluster reaches the VM's ports.</summary>
public sealed class DialBackEndpoint(GroupAccess access, AgentAccess agents, AddressPolicy policy, DialBackRates rates, Dialler dialler)
{
    private const int MaximumBody = 8 * 1024;

    public void Map(IEndpointRouteBuilder routes) => routes.MapApi(HttpMethods.Post, $"{AgentIdentity.Pattern}/dial-back", DialAsync);

    private async Task<ApiProblem?> DialAsync(HttpContext context)
    {
        if (!access.TryEnter(context, out var admitted, out var problem))
            return problem;

        if (await RequestBody.ReadAsync(context, MaximumBody) is not { } body)
            return ApiProblem.BodyTooLarge(MaximumBody);

        var group = admitted.Group.Config.WorkloadGroup;
        if (!AgentIdentity.TryRead(context, out var identity, out problem)
            || !body.TryParse(reader => DialBackReader.Read(reader, group), out var request, out problem)
            || !agents.TryEnter(admitted.Group, identity, out var agent, out problem))
            return problem;

        if (agent.Address is not { } address)
            return ApiProblem.NoReport() with { Detail = "the agent's last report has no address" };

        problem = Refuse(admitted, identity, address);
        if (problem is not null)
            return problem;

        var question = new AgentQuestion(request.Nonce, identity.Uuid);
        var results = await Task.WhenAll(request.Ports.Select(port => dialler.DialAsync(
            new IPEndPoint(address, port), port == DashboardApi.AgentPort ? question : null, context.RequestAborted)));
        var answer = new DialBackResponse(address.ToString(), admitted.Group.Config.Mesh.ClusterId, results);
        await context.WriteJsonAsync(answer, ContractJson.Default.DialBackResponse);
        return null;
    }

    // The rate comes first: looking at the host's interfaces is not free.
    private ApiProblem? Refuse(AdmittedGroup admitted, AgentIdentity identity, IPAddress address) =>
        rates.Refuse(admitted.Group.Id, identity.Uuid)
        ?? (policy.Refuse(address, admitted.Snapshot.Mesh.ClusterRanges, AddressPolicy.OwnAddresses()) is { } reason
            ? ApiProblem.AddressNotAllowed(reason)
            : null);
}
