using System.Net;
using System.Net.Sockets;

namespace SmmAgent.Core.Network;

/// <summary>
/// Validates addresses at which the cluster is to reach a VM. Each rule returns null for a valid address, otherwise the reason.
/// </summary>
public static class AddressRules
{
    private static readonly IPNetwork GlobalUnicast6 = IPNetwork.Parse("2000::/3");

    /// <summary>The first block that contains an address decides.</summary>
    /// <remarks>198.18.0.0/15 (benchmarks) is deliberately accepted: isolated labs and demonstrations use it as their internet.</remarks>
    private static readonly (IPNetwork Block, AddressClass Class)[] Blocks =
    [
        .. Classify(AddressClass.CloudMetadata, "169.254.169.254/32", "168.63.129.16/32", "100.100.100.200/32", "fd00:ec2::254/128",
            "fd20:ce::254/128"),
        .. Classify(AddressClass.Unspecified, "0.0.0.0/32", "::/128"),
        .. Classify(AddressClass.Loopback, "127.0.0.0/8", "::1/128"),
        .. Classify(AddressClass.Private, "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"),
        .. Classify(AddressClass.CarrierGradeNat, "100.64.0.0/10"),
        .. Classify(AddressClass.LinkLocal, "169.254.0.0/16", "fe80::/10"),
        .. Classify(AddressClass.UniqueLocal, "fc00::/7"),
        .. Classify(AddressClass.Multicast, "224.0.0.0/4", "ff00::/8"),
        .. Classify(AddressClass.Broadcast, "255.255.255.255/32"),
        .. Classify(AddressClass.Documentation, "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32", "3fff::/20"),
        .. Classify(AddressClass.Transition, "192.88.99.0/24", "2002::/16", "2001::/32", "64:ff9b::/96", "64:ff9b:1::/48"),
        .. Classify(AddressClass.Reserved, "0.0.0.0/8", "192.0.0.0/24", "240.0.0.0/4", "2001::/23"),
    ];

    /// <summary>The address in the form in which the agent keeps it: IPv4 for an IPv4-mapped IPv6 address.</summary>
    public static IPAddress Normalize(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    public static AddressClass Classify(IPAddress address)
    {
        address = Normalize(address);
        foreach (var (block, kind) in Blocks)
        {
            if (block.Contains(address))
                return kind;
        }

        return address.AddressFamily == AddressFamily.InterNetwork || GlobalUnicast6.Contains(address)
            ? AddressClass.Global
            : AddressClass.Reserved;
    }

    /// <summary>
    /// Validates the address of an address provider. The cluster cannot reach a VM at an address that is refused here.
    /// </summary>
    public static string? ValidateExternal(IPAddress address) => Classify(address) switch
    {
        AddressClass.Global => null,
        var kind => $"'{address}' is {Describe(kind)}",
    };

    /// <summary>Validates an address of the operator or of the VM's routes: any unicast address that other hosts may reach.</summary>
    public static string? ValidateOwn(IPAddress address) => Classify(address) switch
    {
        AddressClass.Global or AddressClass.Private or AddressClass.CarrierGradeNat or AddressClass.UniqueLocal => null,
        var kind => $"'{address}' is {Describe(kind)}",
    };

    private static string Describe(AddressClass kind) => kind switch
    {
        AddressClass.Unspecified => "the unspecified address",
        AddressClass.Loopback => "a loopback address",
        AddressClass.LinkLocal => "a link-local address",
        AddressClass.Private => "a private address",
        AddressClass.CarrierGradeNat => "an address behind a carrier's NAT (100.64.0.0/10)",
        AddressClass.UniqueLocal => "a unique local (private) address",
        AddressClass.Multicast => "a multicast address",
        AddressClass.Broadcast => "the broadcast address",
        AddressClass.Documentation => "an address reserved for documentation",
        AddressClass.Transition => "an address for translation between IPv4 and IPv6 (6to4, Teredo or NAT64)",
        AddressClass.CloudMetadata => "the address of a cloud's own metadata service",
        _ => "a reserved address",
    };

    private static IEnumerable<(IPNetwork Block, AddressClass Class)> Classify(AddressClass kind, params string[] blocks) =>
        blocks.Select(block => (IPNetwork.Parse(block), kind));
}
