using SmmAgent.Checks.Observations;
using SmmAgent.Core.Checks;

namespace SmmAgent.Checks.Dashboard;

/// <summary>Checks that the token is sent over https.</summary>
internal sealed class DashboardEncryption() : Check("dashboard-transport", CheckGroup.Dashboard, "Transport")
{
    public override Task<IReadOnlyList<CheckLine>> RunAsync(CheckContext context, CancellationToken cancel) => One(
        context.Settings.SkipLine ?? context.Settings.Settings.DashboardUrl switch
        {
            null => CheckLine.Skipped("no dashboard is set"),
            { Scheme: "https" } => CheckLine.Pass("https"),
            _ => CheckLine.Warn(
                "plain http: anyone between this VM and the dashboard can read the bearer token, and packages are not installed",
                $"expose the dashboard over https, then: {DashboardConfigured.Fix}"),
        });
}
