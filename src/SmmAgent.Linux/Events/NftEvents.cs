using System.Runtime.InteropServices;
using SmmAgent.Core.Firewall.Rules;

namespace SmmAgent.Linux.Events;

/// <summary>Every change of an nftables ruleset in this network namespace, iptables-nft's and firewalld's among them.</summary>
/// <remarks>Needs CAP_NET_ADMIN. The legacy backend has no events: see <see cref="XtablesLockEvents"/>.</remarks>
/// <param name="doSetsMatter">
/// Whether elements of sets are of interest. A ban list changes all the time and does not decide about ports. Null: they are.
/// </param>
/// <param name="receiveBuffer">In bytes; a ruleset of 5,000 rules is some 2 MB of messages.</param>
public sealed class NftEvents(Func<bool>? doSetsMatter = null, int receiveBuffer = 1 << 20)
    : NetlinkEvents("nftables events", HostChange.Firewall, NetlinkNetfilter, [NftablesGroup], receiveBuffer)
{
    private const int NetlinkNetfilter = 12;
    private const int NftablesGroup = 7;
    private const int HeaderLength = 16;
    private const int NewElement = (10 << 8) | 12;
    private const int DeletedElement = (10 << 8) | 14;
    private const int NewGeneration = (10 << 8) | 15;

    private static readonly byte[] OwnChain = AgentChain.Name.Select(letter => (byte)letter).ToArray();

    // The name of the agent's chain is in its rules, in the jump into it, and in the messages that add or delete it.
    protected override HostChange ReadChange(ReadOnlySpan<byte> datagram) =>
        datagram.IndexOf(OwnChain) >= 0 ? HostChange.Firewall | HostChange.OwnRules
        : doSetsMatter is not null && IsOfSets(datagram) && !doSetsMatter() ? HostChange.None
        : HostChange.Firewall;

    private static bool IsOfSets(ReadOnlySpan<byte> datagram)
    {
        while (datagram.Length >= HeaderLength)
        {
            var length = MemoryMarshal.Read<int>(datagram);
            if (MemoryMarshal.Read<ushort>(datagram[4..]) is not (NewElement or DeletedElement or NewGeneration))
                return false;
            if (length < HeaderLength || length > datagram.Length)
                return true; // cut off: it is long because of its elements
            datagram = datagram[Math.Min((length + 3) & ~3, datagram.Length)..];
        }

        return true;
    }
}
