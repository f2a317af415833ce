using SmmAgent.Checks.Observations;
using SmmAgent.Core.Checks;

namespace SmmAgent.Checks.Dashboard;

/// <summary>Checks that the dashboard's URL is set.</summary>
internal sealed class DashboardConfigured() : Check("dashboard-configured", CheckGroup.Dashboard, "URL")
{
    public const string Fix = "sudo smm-agent set dashboard-url https://DASHBOARD";

    public override Task<IReadOnlyList<CheckLine>> RunAsync(CheckContext context, CancellationToken cancel) => One(
        context.Settings.SkipLine ?? (context.Settings.Settings.DashboardUrl is { } url
            ? CheckLine.Pass(url.GetLeftPart(UriPartial.Authority))
            : CheckLine.Fail("no dashboard is set", Fix)));
}
