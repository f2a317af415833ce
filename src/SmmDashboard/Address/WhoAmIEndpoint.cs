using System.Net;
using SmmAgent.Contract;
using SmmDashboard.Access;
using SmmDashboard.DialBack;
using SmmDashboard.Http;

namespace SmmDashboard.Address;

/// <summary><c>GET GROUP/whoami</c>: the address from which the dashboard received the request.</summary>
public sealed class WhoAmIEndpoint(GroupAccess access, TrustedProxies trusted, AddressPolicy policy, IClusterRanges ranges)
{
    public void Map(IEndpointRouteBuilder routes) => routes.MapApi(HttpMethods.Get, $"{GroupAccess.GroupPattern}/whoami", GetAsync);

    private async Task<ApiProblem?> GetAsync(HttpContext context)
    {
        var (admitted, problem) = await access.EnterAsync(context);
        if (admitted is null)
            return problem;

        var seen = ForwardedAddress.Find(context.Connection.RemoteIpAddress ?? IPAddress.None, context.Request.Headers, trusted);
        if (seen is { ViaProxy: true, Source: SeenAddress.FromConnection })
        {
            seen = seen with { Problem = "the request came through a proxy, which no --trusted-proxy of the dashboard names" };
        }
        else
        {
            // A node of the cluster that replaced the source address, for example for a Service of type LoadBalancer.
            var model = admitted.Group.Config.NetworkModel();
            var refusal = await policy.RefuseAsync(
                IPAddress.Parse(seen.Address), model, ranges, AddressPolicy.OwnAddresses(), context.RequestAborted);
            if (refusal is not null)
                seen = seen with { Problem = $"no dial-back would connect to it: {refusal}" };
        }

        await context.WriteJsonAsync(seen, ContractJson.Default.SeenAddress);
        return null;
    }
}
