using SmmAgent.Checks.Observations;
using SmmAgent.Core.Checks;
using SmmAgent.Core.Conditions;

namespace SmmAgent.Checks.Address;

/// <summary>Checks whether an interface of the VM has the address, or whether it is translated (NAT, load balancer).</summary>
internal sealed class AddressOwn() : Check("address-own", CheckGroup.Address, "On an interface")
{
    public override async Task<IReadOnlyList<CheckLine>> RunAsync(CheckContext context, CancellationToken cancel)
    {
        var own = context.Interfaces.Addresses;
        if ((await context.Address).State.Address?.Value is not { } address)
            return [CheckLine.Skipped("this VM's address is not known")];
        if (own.FirstOrDefault(one => one.Address.Equals(address)) is { } found)
            return [CheckLine.Pass($"{address} is an address of {found.Interface}")];

        var addresses = string.Join(", ", own.Select(one => one.Address));
        var differs = $"{address} is none of this VM's own addresses ({(own.Count == 0 ? "none" : addresses)}): "
            + "NAT or a load balancer is in between";
        var reached = context.Daemon.Status?.Conditions.FirstOrDefault(one => one.Type == ConditionType.ReachableFromCluster)?.Status;
        return
        [
            reached == nameof(ConditionStatus.True)
                ? CheckLine.Pass($"{differs}, and the cluster gets through")
                : CheckLine.Warn(
                    differs,
                    "configure the translation to forward every port of this VM unchanged; "
                    + $"if it is not this VM's address: {AddressSource.SetNodeIp}"),
        ];
    }
}
