using System.Net.Sockets;
using SmmAgent.Checks.Address;
using SmmAgent.Checks.Observations;
using SmmAgent.Core.Checks;
using SmmAgent.Core.Firewall.Rules;

namespace SmmAgent.Checks.HostSetup;

/// <summary>Checks several network interfaces: requests of the cluster and their answers must use the same one.</summary>
internal sealed class HostInterfaces() : Check("host-interfaces", CheckGroup.Host, "Interfaces")
{
    public override async Task<IReadOnlyList<CheckLine>> RunAsync(CheckContext context, CancellationToken cancel)
    {
        var interfaces = context.Interfaces.Outward;
        var shown = string.Join("; ", interfaces.Select(one => $"{one.Key} {string.Join(", ", one)}"));
        if (interfaces.Count == 0)
            return [CheckLine.Fail("no network interface of this VM has an address", "configure its network")];
        if (interfaces.Count == 1)
            return [CheckLine.Pass(shown)];

        var address = (await context.Address).State.Address?.Value;
        var family = address?.AddressFamily == AddressFamily.InterNetworkV6 ? IpFamily.IPv6 : IpFamily.IPv4;
        var ways = context.Interfaces.Defaults.Where(route => route.Family == family).Select(route => route.Interface).Distinct().ToList();
        var carrier = interfaces.FirstOrDefault(one => one.Contains(address))?.Key;
        return
        [
            carrier is not null && ways is [var way] && way == carrier
                ? CheckLine.Pass($"{shown}; address and default route are those of {carrier}")
                : CheckLine.Warn(
                    $"several ({shown}), default route {(ways.Count == 0 ? "none" : string.Join(" and ", ways))}, "
                    + $"this VM's address {address?.ToString() ?? "not known"}{(carrier is null ? "" : $" on {carrier}")}: "
                    + "answers may leave by another interface than the cluster comes in by, and get lost",
                    $"{AddressSource.SetNodeIp} with the one that the cluster reaches, and let its interface have the default route"),
        ];
    }
}
