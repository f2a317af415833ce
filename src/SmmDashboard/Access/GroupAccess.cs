using SmmAgent.Contract;
using SmmDashboard.Groups;
using SmmDashboard.Hosting;
using SmmDashboard.Http;

namespace SmmDashboard.Access;

/// <summary>Decides who may access a WorkloadGroup: the checks of the contract in its order 401, 403, 404, 426.</summary>
/// <remarks>
/// A valid token that does not open the group gets 404 only when the group would be in the token's own namespace, where a wrong name is
/// probably a mistake of the holder. In other namespaces it gets 403 whether the group exists or not, so that foreign groups cannot be
/// listed.
/// </remarks>
public sealed class GroupAccess(CurrentMesh mesh, ITokenValidator tokens, RequestRates rates, TimeProvider clock, ILogger<GroupAccess> log)
{
    public const string GroupPattern = "/v1/namespaces/{namespace}/workloadgroups/{name}";

    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(5);

    private readonly LogLimiter _refused = new(clock, perMinute: 10);

    /// <returns>The group, or the problem to respond with.</returns>
    /// <exception cref="UnavailableException">Access cannot be decided now.</exception>
    public async ValueTask<(AdmittedGroup? Admitted, ApiProblem? Problem)> EnterAsync(HttpContext context)
    {
        if (!AuthorizationHeader.TryRead(context.Request, clock, out var token, out var problem))
            return (null, rates.RefuseFailure(context) ?? problem);
        if (!mesh.IsSynced)
            throw new UnavailableException("the dashboard has not read the objects of the cluster yet", Soon);

        var asked = new GroupId((string)context.GetRouteValue("namespace")!, (string)context.GetRouteValue("name")!);
        // A client without a valid token must not keep another server busy.
        var isCounted = !tokens.IsKnown(token);
        GroupId? claimed = token.ClaimedAccount is { } account && mesh.Find(asked)?.Entry.Account == account ? asked : null;
        if (isCounted && rates.RefuseUnknownToken(context, claimed) is { } flood)
            return (null, flood);

        while (true)
        {
            var version = mesh.Version;
            var validation = await ValidateAsync(context, token, claimed, isCounted);
            if (validation is TokenValidation.Refused refused)
                return (null, Refuse(context, asked, refused));

            var entered = Enter(context, asked, (TokenValidation.Accepted)validation);
            // An edit may revoke the token and change the group. The token must not open the group that the edit has made.
            if (mesh.Version == version)
                return entered;
            isCounted = false;
        }
    }

    private ApiProblem Refuse(HttpContext context, GroupId asked, TokenValidation.Refused refused)
    {
        if (_refused.TryAcquire(out var withheld))
        {
            log.TokenRefused(
                $"{context.Connection.RemoteIpAddress}", NameRules.Shown($"{asked}"), refused.Reason, OneLine.From(refused.Detail),
                withheld);
        }

        return rates.RefuseFailure(context) ?? ApiProblem.TokenRefused(refused.Reason, refused.Detail);
    }

    private async ValueTask<TokenValidation> ValidateAsync(HttpContext context, PresentedToken token, GroupId? claimed, bool isCounted)
    {
        var isRefused = false;
        try
        {
            var validation = await tokens.ValidateAsync(token, context.RequestAborted);
            isRefused = validation is TokenValidation.Refused;
            return validation;
        }
        finally
        {
            if (isCounted && !isRefused && !context.RequestAborted.IsCancellationRequested)
                rates.ForgiveUnknownToken(context, claimed);
        }
    }

    private (AdmittedGroup? Admitted, ApiProblem? Problem) Enter(HttpContext context, GroupId asked, TokenValidation.Accepted accepted)
    {
        var found = mesh.Find(asked);
        var problem = !accepted.Opens.Contains(asked)
            ? found is null && accepted.Namespaces.Contains(asked.Namespace)
                ? ApiProblem.WorkloadGroupNotFound(asked)
                : ApiProblem.NotThisWorkloadGroup()
            : found is null ? ApiProblem.WorkloadGroupNotFound(asked)
            : found.Entry.Served is null ? ApiProblem.WorkloadGroupNotServed(asked, found.Entry.Fault ?? "")
            : TooOld(context);
        return problem is null ? (new AdmittedGroup(found!.Entry.Served!, found, accepted), null) : (null, problem);
    }

    private ApiProblem? TooOld(HttpContext context) =>
        mesh.Settings.MinimumAgentVersion is { } minimum
        && AgentVersion.FromUserAgent(context.Request.Headers.UserAgent.ToString()) is { } found
        && found < minimum
            ? ApiProblem.AgentTooOld(found, minimum)
            : null;
}

/// <summary>A group that a token opened, the snapshot that it was found in, and the accepted token.</summary>
public sealed record AdmittedGroup(ServedGroup Group, GroupSnapshot Snapshot, TokenValidation.Accepted Token);

internal static partial class GroupAccessLog
{
    [LoggerMessage(
        1302, LogLevel.Warning,
        "Refused a token of {Client} for {Group}: {Reason}: {Detail} (and {Withheld} others since the last such message)")]
    public static partial void TokenRefused(this ILogger log, string client, string group, string reason, string detail, long withheld);
}
