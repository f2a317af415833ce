using System.Net.Sockets;
using SmmAgent.Checks.Address;
using SmmAgent.Checks.Observations;
using SmmAgent.Core.Checks;
using SmmAgent.Core.Firewall.Rules;
using SmmAgent.Core.Network;

namespace SmmAgent.Checks.HostSetup;

/// <summary>Checks for an IPv6 address without a default route: programs try IPv6 first and wait for a timeout.</summary>
internal sealed class HostIPv6() : Check("host-ipv6", CheckGroup.Host, "IPv6")
{
    public override async Task<IReadOnlyList<CheckLine>> RunAsync(CheckContext context, CancellationToken cancel)
    {
        var interfaces = context.Interfaces;
        if (interfaces.Addresses.FirstOrDefault(one => one.Address.AddressFamily == AddressFamily.InterNetworkV6) is not { } own)
            return [CheckLine.Pass("is not used here")];
        if (interfaces.HasDefault(IpFamily.IPv6))
            return [CheckLine.Pass($"{own.Address} on {own.Interface}, with a default route")];

        if ((await context.Address).State.Address?.Value is { AddressFamily: AddressFamily.InterNetworkV6 } address
            && AddressRules.Classify(address) == AddressClass.Global)
        {
            return [CheckLine.Fail(
                $"the cluster reaches this VM at {address}, but there is no IPv6 default route for the answers",
                "give this VM an IPv6 default route, or set its IPv4 address: " + AddressSource.SetNodeIp)];
        }

        return
        [
            interfaces.HasDefault(IpFamily.IPv4)
                ? CheckLine.Warn(
                    $"{own.Address} on {own.Interface}, but no IPv6 default route: "
                    + "programs try IPv6 first if a name has both, and wait for a timeout",
                    $"add the route, or remove the address: sudo ip -6 address delete {own.Address} dev {own.Interface}")
                : CheckLine.Pass($"{own.Address} on {own.Interface}; no default route in either family, this network ends here"),
        ];
    }
}
