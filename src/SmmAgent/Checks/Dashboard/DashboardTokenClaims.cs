using SmmAgent.Checks.Observations;
using SmmAgent.Contract;
using SmmAgent.Core.Checks;
using SmmAgent.Core.Tokens;

namespace SmmAgent.Checks.Dashboard;

/// <summary>Checks the claims of a service account's token: lifetime, namespace and service account.</summary>
/// <remarks>
/// Lifetime and namespace are evaluated before anything is sent, and a token that fails there is not sent. Only the dashboard knows the
/// service account of the WorkloadGroup: it is compared with the newest mesh configuration, or with the last good one if the token is
/// refused.
/// </remarks>
internal sealed class DashboardTokenClaims() : Check("dashboard-token-claims", CheckGroup.Dashboard, "Token's claims")
{
    public override async Task<IReadOnlyList<CheckLine>> RunAsync(CheckContext context, CancellationToken cancel)
    {
        var token = await context.Token;
        if (token.Reading.Token is null)
            return [CheckLine.Skipped("there is no readable token")];
        if (token.Claims is not { } claims)
            return [CheckLine.Skipped("the token is opaque: only the dashboard knows its lifetime and service account")];

        var group = context.Settings.Settings.Namespace;
        var account = (await context.Mesh).Config?.WorkloadGroup.ServiceAccount;
        var doubts = claims.FindWarnings(group, account, token.EvaluatedAt).ToList();
        if (doubts.Count > 0)
            return doubts.Select(doubt => CheckLine.Fail(doubt.Found, NewOne(group, account))).ToArray();

        return [EndsSoon(claims, token.EvaluatedAt) ?? CheckLine.Pass(Describe(claims))];
    }

    private static CheckLine? EndsSoon(TokenClaims claims, DateTimeOffset now) =>
        claims.Expires is { } expires && expires - now < TokenFacts.Notice(claims.IssuedAt ?? claims.NotBefore, expires)
        ? CheckLine.Warn(
            $"{Describe(claims)}: too soon for a VM that should stay attached", $"{claims.MakeAnother()}, then: {DashboardToken.Set}")
        : null;

    private static string Describe(TokenClaims claims)
    {
        var who = claims is { Namespace: { } @namespace, ServiceAccount: { } account }
            ? $"service account {@namespace}/{account}"
            : "no service account";
        return claims.Expires is { } expires ? $"{who}, expires at {TimeText.Format(expires)}" : $"{who}, does not expire";
    }

    private static string NewOne(string? group, string? account) =>
        $"{TokenClaims.MakeNew(group, account)}, then: {DashboardToken.Set}";
}
