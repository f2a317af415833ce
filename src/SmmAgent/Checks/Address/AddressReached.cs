using SmmAgent.Checks.Observations;
using SmmAgent.Core.Checks;
using SmmAgent.Core.Conditions;

namespace SmmAgent.Checks.Address;

/// <summary>Checks whether the cluster reaches the VM at its address, by the dial-back of the running daemon.</summary>
internal sealed class AddressReached() : Check("address-reached", CheckGroup.Address, "From the cluster")
{
    private const string Fix = "open the ports in the firewalls and security groups between the cluster and this VM, "
        + "and make sure that the address is this VM's";

    public override Task<IReadOnlyList<CheckLine>> RunAsync(CheckContext context, CancellationToken cancel)
    {
        var daemon = context.Daemon;
        if (daemon.Status is not { } status)
        {
            return One(CheckLine.Skipped(
                $"{daemon.Reason}, and only the daemon is dialled back by the cluster",
                daemon.Remediation));
        }

        var reached = status.Conditions.FirstOrDefault(one => one.Type == ConditionType.ReachableFromCluster);
        CheckLine[] lines = reached switch
        {
            { Status: nameof(ConditionStatus.True), Reason: not ConditionUpdate.Degraded } => [CheckLine.Pass(reached.Message), Others()],
            { Status: nameof(ConditionStatus.True) } => [CheckLine.Warn(reached.Message, Fix), Others()],
            { Status: nameof(ConditionStatus.False) } => [CheckLine.Fail(reached.Message, Fix), Others()],
            _ => [CheckLine.Skipped(reached?.Message ?? "the daemon does not report it")],
        };
        return Task.FromResult<IReadOnlyList<CheckLine>>(
        [
            .. lines,
            .. status.Ports.Where(port => port.ReachableFromCluster is not null).Select(port => (port.ReachableFromCluster == true
                ? CheckLine.Pass("is reached")
                : new CheckLine(lines[0].Status, "is not reached", Fix)) with { Subject = $"{port.Port} ({port.Name})" }),
        ]);
    }

    // The mesh configuration does not name the member clusters, and the dashboard dials from its own cluster.
    private static CheckLine Others() => CheckLine.Skipped("are not verified: only the cluster of the dashboard was asked") with
    {
        Subject = "other member clusters",
    };
}
