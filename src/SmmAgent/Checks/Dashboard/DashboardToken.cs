using SmmAgent.Checks.Observations;
using SmmAgent.Core.Checks;
using SmmAgent.Linux.Files;

namespace SmmAgent.Checks.Dashboard;

/// <summary>Checks that there is a bearer token that other users cannot read.</summary>
internal sealed class DashboardToken() : Check("dashboard-token", CheckGroup.Dashboard, "Token")
{
    public const string Set = "sudo smm-agent set bearer-token --stdin";

    public override async Task<IReadOnlyList<CheckLine>> RunAsync(CheckContext context, CancellationToken cancel)
    {
        var token = await context.Token;
        return
        [
            token.Reading switch
            {
                { IsForbidden: true } => CheckLine.Skipped(token.Reading.Found!, AsRoot),
                { Token: not null } when ReadDenial.ForDaemon(context.Paths.BearerToken) is { } refusal
                    => CheckLine.Fail(refusal.Found, refusal.Remediation),
                { Token: null, Found: { } found } => CheckLine.Fail(found, token.Reading.Remediation ?? Set),
                { Found: { } found } => CheckLine.Warn(found, $"sudo chmod 0640 {context.Paths.BearerToken}"),
                _ => CheckLine.Pass($"is in {context.Paths.BearerToken}, {(token.Claims is null ? "opaque" : "a service account's")}"),
            },
        ];
    }
}
