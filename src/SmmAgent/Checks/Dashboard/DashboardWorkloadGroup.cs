using SmmAgent.Checks.Observations;
using SmmAgent.Core.Checks;

namespace SmmAgent.Checks.Dashboard;

/// <summary>Checks that the WorkloadGroup is set.</summary>
internal sealed class DashboardWorkloadGroup() : Check("dashboard-workload-group", CheckGroup.Dashboard, "WorkloadGroup")
{
    public override Task<IReadOnlyList<CheckLine>> RunAsync(CheckContext context, CancellationToken cancel) => One(
        context.Settings.SkipLine ?? (context.Settings.Settings is { Namespace: { } @namespace, Name: { } name }
            ? CheckLine.Pass($"{@namespace}/{name}")
            : CheckLine.Fail("no WorkloadGroup is set", "sudo smm-agent set workload-group NAMESPACE/NAME")));
}
