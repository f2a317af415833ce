using System.Linq;
using System.Net;
using SmmAgent.Core.Firewall.Rules;
using SmmAgent.Linux.Network.Interfaces;

namespace SmmAgent.Checks.Observations;

/// <summary>The network interfaces and default routes of this VM.</summary>
/// <param name="Addresses">All addresses except loopback and link-local ones.</param>
/// <param name="Defaults">The default routes.</param>
internal sealed record InterfacesObservation(IReadOnlyList<InterfaceAddress> Addresses, IReadOnlyList<DefaultRoute> Defaults)
{
    // Bridges of a container or VM host for its guests: no outside traffic arrives there.
    private static readonly string[] ForGuests = ["docker", "br-", "cni", "podman", "virbr", "lxc", "lxd", "incusbr"];

    public static InterfacesObservation Read() => new(InterfaceAddresses.ReadEach(), DefaultRoutes.Read());

    /// <summary>The interfaces that may receive outside traffic.</summary>
    public IReadOnlyList<IGrouping<string, IPAddress>> Outward =>
        Addresses.Where(own => !ForGuests.Any(prefix => own.Interface.StartsWith(prefix, StringComparison.Ordinal)))
            .GroupBy(own => own.Interface, own => own.Address).ToArray();

    public bool HasDefault(IpFamily family) => Defaults.Any(route => route.Family == family);
}
