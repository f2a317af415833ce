using System.Globalization;
using System.Text;
using SmmAgent.Linux.Events;

namespace SmmAgent.Linux.Tests.Events;

public sealed class NetlinkEventsTests : IDisposable
{
    private readonly ThreadNamespace _inside = new();

    public void Dispose() => _inside.Dispose();

    [Theory]
    [InlineData("iptables-nft -A INPUT -p tcp --dport 16400 -j ACCEPT")]
    [InlineData("ip6tables-nft -P INPUT DROP")]
    [InlineData("nft add table inet filter")]
    public async Task AChangeOfTheNftablesRulesetIsReported(string command)
    {
        using var listener = new Listener(_inside, new NftEvents());

        await _inside.RunAsync(command);

        Assert.Equal(HostChange.Firewall, listener.Next());
    }

    [Theory]
    [InlineData("iptables-nft -D INPUT -j SMM-AGENT", true)]
    [InlineData("iptables-nft -F", true)]
    [InlineData("nft flush ruleset", true)]
    [InlineData("nft add rule ip filter SMM-AGENT drop", true)]
    [InlineData("iptables-nft -A INPUT -s 192.0.2.1 -j DROP", false)]
    public async Task AChangeOfTheAgentsOwnRulesIsReportedSeparately(string command, bool isOwn)
    {
        await _inside.RunAsync("iptables-nft -N SMM-AGENT");
        await _inside.RunAsync("iptables-nft -A INPUT -j SMM-AGENT");
        using var listener = new Listener(_inside, new NftEvents());

        await _inside.RunAsync(command);

        Assert.Equal(isOwn ? HostChange.Firewall | HostChange.OwnRules : HostChange.Firewall, listener.Next());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ElementsOfSetsAreReportedWhereASetDecidesAboutAPort(bool decides)
    {
        await _inside.RunAsync("nft add table ip bans");
        await _inside.RunAsync("nft add set ip bans bl { type ipv4_addr; flags timeout; }");
        using var folder = new TemporaryFolder();
        using var listener = new Listener(
            _inside, new NftEvents(() => decides), new FileEvents("file events", HostChange.Settings, folder.Path("sentinel")));

        await _inside.RunAsync("nft add element ip bans bl { 192.0.2.1 timeout 4h, 192.0.2.2 timeout 4h }");
        await _inside.RunAsync("nft delete element ip bans bl { 192.0.2.1 }");
        Directory.CreateDirectory(folder.Path("sentinel"));

        Assert.Equal(decides ? HostChange.Firewall : HostChange.Settings, listener.Next());
    }

    [Fact]
    public async Task ReadingTheRulesetIsNotAChange()
    {
        await _inside.RunAsync("iptables-nft -A INPUT -p tcp --dport 16400 -j ACCEPT");
        using var folder = new TemporaryFolder();
        using var listener = new Listener(
            _inside, new NftEvents(), new FileEvents("file events", HostChange.Settings, folder.Path("sentinel")));

        await _inside.RunAsync("iptables-nft-save");
        await _inside.RunAsync("nft list ruleset");
        Directory.CreateDirectory(folder.Path("sentinel"));

        Assert.Equal(HostChange.Settings, listener.Next());
        Assert.Equal(0, listener.Untaken);
    }

    [Fact]
    public async Task ABurstThatOverflowsTheQueueIsReportedAndSoAreLaterChanges()
    {
        using var listener = new Listener(_inside, new NftEvents(receiveBuffer: 16384));
        listener.Hold();
        await _inside.RunAsync("nft add table inet first");
        listener.Next();

        await _inside.RunAsync("iptables-nft-restore --noflush", FiveThousandRules());
        Assert.True(await DroppedMessagesAsync() > 0);
        listener.GoOn();
        Assert.Equal(HostChange.Firewall, listener.Next());

        while (listener.Untaken > 0)
            listener.Next();
        await _inside.RunAsync("nft delete table inet first");
        Assert.Equal(HostChange.Firewall, listener.Next());
    }

    [Theory]
    [InlineData("ip addr add 198.18.0.5/32 dev lo")]
    [InlineData("ip addr add 2001:db8::5/128 dev lo")]
    [InlineData("ip route add 198.18.7.0/24 dev lo")]
    public async Task AnAddressOrRouteThatIsAddedIsReported(string command)
    {
        await _inside.RunAsync("ip link set lo up");
        using var listener = new Listener(_inside, new AddressEvents());

        await _inside.RunAsync(command);

        Assert.Equal(HostChange.Addresses, listener.Next());
    }

    [Fact]
    public async Task AnAddressThatIsRemovedIsReported()
    {
        await _inside.RunAsync("ip link set lo up");
        await _inside.RunAsync("ip addr add 198.18.0.5/32 dev lo");
        using var listener = new Listener(_inside, new AddressEvents());

        await _inside.RunAsync("ip addr del 198.18.0.5/32 dev lo");

        Assert.Equal(HostChange.Addresses, listener.Next());
    }

    [Fact]
    public async Task LinkLocalAddressesAreIgnored()
    {
        await _inside.RunAsync("ip link set lo up");
        using var folder = new TemporaryFolder();
        using var listener = new Listener(
            _inside, new AddressEvents(), new FileEvents("file events", HostChange.Settings, folder.Path("sentinel")));

        await _inside.RunAsync("ip addr add fe80::5/64 dev lo");
        await _inside.RunAsync("ip addr add 169.254.0.5/16 dev lo scope link noprefixroute");
        Directory.CreateDirectory(folder.Path("sentinel"));

        Assert.Equal(HostChange.Settings, listener.Next());
        Assert.Equal(0, listener.Untaken);
    }

    private static string FiveThousandRules()
    {
        var rules = new StringBuilder("*filter\n:BURST - [0:0]\n");
        for (var i = 1; i <= 5000; i++)
            rules.Append(CultureInfo.InvariantCulture, $"-A BURST -p tcp --dport {i} -j ACCEPT\n");
        return rules.Append("COMMIT\n").ToString();
    }

    // The column Drops of the sockets of protocol 12 (netfilter).
    private async Task<long> DroppedMessagesAsync() =>
        (await _inside.RunAsync("cat /proc/self/net/netlink")).Split('\n')
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(columns => columns is [_, "12", ..])
            .Sum(columns => long.Parse(columns[8], CultureInfo.InvariantCulture));
}
