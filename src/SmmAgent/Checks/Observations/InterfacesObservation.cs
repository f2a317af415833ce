using System.Net;
using SmmAgent.Core.Firewall.Rules;
using SmmAgent.Linux.Network.Interfaces;

namespace SmmAgent.Checks.Observations;

/// <summary>This VM's own interfaces, and its ways out.</summary>
/// <param name="Addresses">All but loopback and link-local.</param>
/// <param name="Defaults">The default routes.</param>
internal sealed record InterfacesObservation(IReadOnlyList<InterfaceAddress> Addresses, IReadOnlyList<DefaultRoute> Defaults)
{
    // Bridges that a container or VM host makes for its guests: nobody outside comes in by them.
    private static readonly string[] ForGuests = ["docker", "br-", "cni", "podman", "virbr", "lxc", "lxd", "incusbr"];

    public static InterfacesObservation Read() => new(InterfaceAddresses.ReadEach(), DefaultRoutes.Read());

    /// <summary>The interfaces that others may come in by.</summary>
    public IReadOnlyList<IGrouping<string, IPAddress>> Outward =>
        [.. Addresses.Where(own => !ForGuests.Any(prefix => own.Interface.StartsWith(prefix, StringComparison.Ordinal)))
            .GroupBy(own => own.Interface, own => own.Address)];

    public bool HasDefault(IpFamily family) => Defaults.Any(route => route.Family == family);
}
