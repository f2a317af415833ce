using SmmAgent.Checks.Observations;
using SmmAgent.Core.Checks;
using SmmAgent.Core.Tokens;

namespace SmmAgent.Checks.Dashboard;

/// <summary>What a service account's token says of itself: its time, its namespace and its service account are right.</summary>
/// <remarks>
/// Time and namespace are told before anything is sent, and a token that fails there is not sent. Which service account the WorkloadGroup
/// wants, only the dashboard knows: it is held against the newest mesh configuration, or the last good one where the token is refused.
/// </remarks>
internal sealed class DashboardTokenClaims() : Check("dashboard-token-claims", CheckGroup.Dashboard, "Token's claims")
{
    public override async Task<IReadOnlyList<CheckLine>> RunAsync(CheckContext context, CancellationToken cancel)
    {
        var look = await context.Token;
        if (look.Reading.Token is null)
            return [CheckLine.Skipped("there is no token that could be read")];
        if (look.Claims is not { } claims)
            return [CheckLine.Skipped("the token is opaque: only the dashboard knows its time and its service account")];

        var group = context.Settings.Settings.Namespace;
        var account = (await context.Mesh).Config?.WorkloadGroup.ServiceAccount;
        var doubts = claims.Doubts(group, account, look.EvaluatedAt).ToList();
        if (doubts.Count > 0)
            return [.. doubts.Select(doubt => CheckLine.Fail(doubt.Found, NewOne(group, account)))];

        return [EndsSoon(claims, look.EvaluatedAt) ?? CheckLine.Pass(Says(claims))];
    }

    private static CheckLine? EndsSoon(TokenClaims claims, DateTimeOffset now) => claims.Expires is { } expires && expires - now < TokenFacts.Notice(claims.IssuedAt ?? claims.NotBefore, expires)
        ? CheckLine.Warn($"{Says(claims)}: soon, for a VM that is to stay attached", $"{claims.MakeAnother()}, then: {DashboardToken.Set}")
        : null;

    private static string Says(TokenClaims claims)
    {
        var who = claims is { Namespace: { } @namespace, ServiceAccount: { } account } ? $"service account {@namespace}/{account}" : "no service account";
        return claims.Expires is { } expires ? $"{who}, expires at {expires:u}" : $"{who}, does not expire";
    }

    private static string NewOne(string? group, string? account) =>
        $"{TokenClaims.MakeNew(group, account)}, then: {DashboardToken.Set}";
}
