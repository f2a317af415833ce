namespace SmmAgent.Linux.Events;

/// <summary>Every change of an nftables ruleset in this network namespace, iptables-nft's and firewalld's among them.</summary>
/// <remarks>Needs CAP_NET_ADMIN. The legacy backend has no events: see <see cref="XtablesLockEvents"/>.</remarks>
/// <param name="receiveBuffer">In bytes; a ruleset of 5,000 rules is some 2 MB of messages.</param>
public sealed class NftEvents(int receiveBuffer = 1 << 20)
    : NetlinkEvents("nftables events", HostChange.Firewall, NetlinkNetfilter, [NftablesGroup], receiveBuffer)
{
    private const int NetlinkNetfilter = 12;
    private const int NftablesGroup = 7;

    protected override bool Matters(ReadOnlySpan<byte> datagram) => true;
}
