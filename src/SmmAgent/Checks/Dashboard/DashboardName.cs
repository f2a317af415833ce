using SmmAgent.Checks.Observations;
using SmmAgent.Core.Checks;
using SmmAgent.Core.Reachability;

namespace SmmAgent.Checks.Dashboard;

/// <summary>Checks that the dashboard's name resolves.</summary>
internal sealed class DashboardName() : DashboardCheck("dashboard-name", "Name")
{
    protected override IReadOnlyList<CheckLine> Evaluate(Uri url, DashboardObservation dashboard, DateTimeOffset now)
    {
        var (first, host) = (dashboard.Results[0], dashboard.Results[0].Target.Host);
        return
        [
            IsWithoutAuthorities(first) ? CheckLine.Skipped("not looked up: dashboard.caFile cannot be used")
            : IsUnresolved(first) ? CheckLine.Fail(
                OwnTrafficObservation.Describe(dashboard.Own, first, $"{host} {first.Detail}"),
                ReachabilityConditions.Explains(dashboard.Own, first)?.Remediation
                    ?? (first.Outcome == Outcome.NotReady ? "correct it, or set dashboard.proxy" : Outcome.NoSuchName.Advice()))
            : first.Address == host ? CheckLine.Pass($"{host} is an address")
            : CheckLine.Pass($"{host} is {string.Join(", ", dashboard.Results.Select(result => result.Address))}"),
        ];
    }
}
