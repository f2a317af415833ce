using SmmAgent.Contract;
using SmmAgent.Core.Conditions;
using SmmAgent.Core.Mesh;
using SmmAgent.Linux.Dashboard;

namespace SmmAgent.Daemon.Report;

/// <summary>The result of a dial-back.</summary>
/// <param name="Failure">The reason for the failure of the dial-back; null if the result is about the VM.</param>
internal sealed record DialBackOutcome(ConditionUpdate Condition, IReadOnlyDictionary<int, bool> Reached, DashboardFailure? Failure);

/// <summary>Asks the dashboard to connect to this VM from the cluster.</summary>
/// <param name="listens">Whether a program on the VM listens on a port.</param>
public sealed class DialBack(CurrentIdentity identity, DialBackNonces nonces, Func<int, bool> listens)
{
    public CurrentIdentity Identity => identity;

    internal async Task<DialBackOutcome> AskAsync(
        DashboardClient client, Guid uuid, IReadOnlyDictionary<int, string> ports, CancellationToken cancel)
    {
        var request = new DialBackRequest(ports.Keys.ToArray(), nonces.Make());
        var result = await client.DialBackAsync(uuid, identity.Key, request, cancel);
        if (result.Value is { } answer)
        {
            var reached = answer.Results.Where(port => ports.ContainsKey(port.Port))
                .GroupBy(port => port.Port).ToDictionary(port => port.Key, port => port.All(one => one.Reachable));
            return new(ClusterViewRules.ReachableFromCluster(answer, ports, listens), reached, null);
        }

        var failure = result.Failure!;
        return new(Failed(failure, client.Target), new Dictionary<int, bool>(), failure);
    }

    private static ConditionUpdate Failed(DashboardFailure failure, DashboardTarget target)
    {
        if (failure is DashboardFailure.Refused { Code: ProblemCodes.AddressNotAllowed } refused)
        {
            var detail = refused.Detail.Length == 0 ? "" : $" ({refused.Detail})";
            return ConditionUpdate.False(
                ConditionType.ReachableFromCluster,
                "AddressNotAllowed",
                $"the dashboard does not connect to this VM's address{detail}; "
                + "set the one at which the cluster reaches it: sudo smm-agent set node-ip ADDRESS");
        }

        var (reason, message) = FailureText.Format(failure, target);
        return ClusterViewRules.NotAnswered(ConditionType.ReachableFromCluster, reason, message);
    }
}
