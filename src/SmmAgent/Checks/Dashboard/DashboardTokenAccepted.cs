using SmmAgent.Checks.Observations;
using SmmAgent.Core.Checks;
using SmmAgent.Core.Conditions;
using SmmAgent.Core.Reachability;
using SmmAgent.Linux.Dashboard;

namespace SmmAgent.Checks.Dashboard;

/// <summary>Checks that the dashboard accepts the token for this WorkloadGroup and sends a valid mesh configuration.</summary>
internal sealed class DashboardTokenAccepted() : Check("dashboard-token-accepted", CheckGroup.Dashboard, "Token accepted")
{
    public override async Task<IReadOnlyList<CheckLine>> RunAsync(CheckContext context, CancellationToken cancel)
    {
        if (context.Settings.SkipLine is { } obstacle)
            return [context.Daemon.LineFor(ConditionType.ConfigCurrent, AsRoot) ?? obstacle];

        var mesh = await context.Mesh;
        return
        [
            mesh switch
            {
                { NotAskedReason: { } reason } => CheckLine.Skipped(reason),
                { Failure: DashboardFailure.NoToken } => CheckLine.Skipped("there is no token to send"),
                { Failure: { } failure, Target: { } target } => Line(failure, target, await context.Dashboard),
                _ => RefusedToDaemon(context) ?? CheckLine.Pass($"for WorkloadGroup {mesh.Target?.Group}"),
            },
        ];
    }

    // Root can read a file that is hidden from the daemon's user or by its sandbox.
    private static CheckLine? RefusedToDaemon(CheckContext context) =>
        context.Settings.Settings is { CaFile: { } caFile, DashboardUrl: { } url }
        && context.Daemon.Status?.Conditions.Any(one =>
            one is { Type: ConditionType.ConfigCurrent, Reason: FailureReasons.InvalidSettings }) == true
            ? context.Daemon.LineFor(ConditionType.ConfigCurrent, CaFile.InstallCommand(caFile, url))
            : null;

    private static CheckLine Line(DashboardFailure failure, DashboardTarget target, DashboardObservation dashboard)
    {
        if (failure is DashboardFailure.Unreachable or DashboardFailure.BadCaFile
            && dashboard.Results.All(result => result.Outcome != Outcome.Ok))
        {
            return CheckLine.Skipped("not asked: the dashboard is not reached, see above");
        }

        var (_, found, fix) = FailureText.Explain(failure, target);
        return CheckLine.Fail(found, fix ?? (failure is DashboardFailure.Refused { Status: 401 }
            ? "follow the answer of the dashboard"
            : "see the log of the dashboard"));
    }
}
