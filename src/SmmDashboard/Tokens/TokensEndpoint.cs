using SmmAgent.Contract;
using SmmDashboard.Access;
using SmmDashboard.Http;

namespace SmmDashboard.Tokens;

/// <summary><c>POST GROUP/tokens</c>: creates a token for the sidecar.</summary>
public sealed class TokensEndpoint(GroupAccess access, ISidecarTokens tokens)
{
    private const int MaximumBody = 4 * 1024;

    public void Map(IEndpointRouteBuilder routes) => routes.MapApi(HttpMethods.Post, $"{GroupAccess.GroupPattern}/tokens", MakeAsync);

    private async Task<ApiProblem?> MakeAsync(HttpContext context)
    {
        var (admitted, problem) = await access.EnterAsync(context);
        if (admitted is null)
            return problem;

        if (await RequestBody.ReadAsync(context, MaximumBody) is not { } body)
            return ApiProblem.BodyTooLarge(MaximumBody);

        if (!body.TryParse(request => new TokenRequest(request.String("audience")), out var asked, out problem))
            return problem;

        if (asked.Audience != DashboardApi.SidecarAudience)
            return ApiProblem.AudienceNotAllowed(asked.Audience);

        var answer = await tokens.MakeAsync(admitted.Snapshot.Entry, context.RequestAborted);
        await context.WriteJsonAsync(answer, ContractJson.Default.TokenResponse);
        return null;
    }
}
