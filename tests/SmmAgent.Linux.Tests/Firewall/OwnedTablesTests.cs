using SmmAgent.Core.Firewall.Rules;
using SmmAgent.Linux.Firewall;
using Inside = SmmAgent.Linux.Tests.Events.ThreadNamespace;

namespace SmmAgent.Linux.Tests.Firewall;

/// <summary>What iptables-nft leaves when its last rule is gone: a table with chains that let everything through.</summary>
public sealed class OwnedTablesTests : IDisposable
{
    private readonly Inside _inside = new();
    private readonly TemporaryFolder _folder = new();
    private readonly OwnedTables _made;

    public OwnedTablesTests() => _made = new(_folder.Path("notes"));

    public void Dispose()
    {
        _inside.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(IpFamily.IPv4, "iptables-nft")]
    [InlineData(IpFamily.IPv6, "ip6tables-nft")]
    public async Task UnusedOwnTableIsRemoved(IpFamily family, string iptables)
    {
        Enter(() => _made.Create(family));
        await _inside.RunAsync($"{iptables} -A INPUT -p tcp --dport 22 -j ACCEPT");
        await _inside.RunAsync($"{iptables} -A OUTPUT -j ACCEPT");
        await _inside.RunAsync($"{iptables} -F");

        Assert.Equal((true, true, false),
            (Enter(() => _made.Has(family)), Enter(() => _made.Remove(family)), Enter(() => _made.Has(family))));
        Assert.Equal("", await RulesetAsync());
    }

    [Fact]
    public async Task ExistingTableIsNotOwned()
    {
        await _inside.RunAsync("iptables-nft -P INPUT ACCEPT");
        var before = await RulesetAsync();

        Enter(() => _made.Create(IpFamily.IPv4));

        Assert.Equal((false, false), (Enter(() => _made.Has(IpFamily.IPv4)), Enter(() => _made.Remove(IpFamily.IPv4))));
        Assert.Equal(before, await RulesetAsync());
    }

    [Fact]
    public async Task RecreatedTableIsNotOwned()
    {
        Enter(() => _made.Create(IpFamily.IPv4));
        await _inside.RunAsync("nft flush ruleset");
        await _inside.RunAsync("iptables-nft -P INPUT ACCEPT");

        Assert.False(Enter(() => _made.Has(IpFamily.IPv4)));
    }

    [Theory]
    [InlineData("iptables-nft -A FORWARD -j ACCEPT")]
    [InlineData("iptables-nft -N OTHERS")]
    [InlineData("iptables-nft -P INPUT DROP")]
    [InlineData("nft add set ip filter theirs { type ipv4_addr; }")]
    public async Task OwnTableWithForeignRulesStaysUnchanged(string deed)
    {
        Enter(() => _made.Create(IpFamily.IPv4));
        await _inside.RunAsync(deed);
        var before = await RulesetAsync();

        Assert.False(Enter(() => _made.Remove(IpFamily.IPv4)));

        Assert.Equal(before, await RulesetAsync());
        // From then on it is theirs.
        Assert.False(Enter(() => _made.Has(IpFamily.IPv4)));
    }

    [Fact]
    public async Task ConcurrentRuleIsNeverLost()
    {
        for (var round = 0; round < 20; round++)
        {
            Enter(() => _made.Create(IpFamily.IPv4));
            await _inside.RunAsync("iptables-nft -P FORWARD ACCEPT");

            var adding = _inside.RunAsync($"iptables-nft -A FORWARD -s 198.18.0.{round} -j DROP");
            while (!adding.IsCompleted && !Enter(() => _made.Remove(IpFamily.IPv4)))
                Enter(() => _made.Create(IpFamily.IPv4));
            await adding;

            Assert.Contains($"-A FORWARD -s 198.18.0.{round}/32 -j DROP", await _inside.RunAsync("iptables-nft-save"),
                StringComparison.Ordinal);
            await _inside.RunAsync("nft flush ruleset");
        }
    }

    private Task<string> RulesetAsync() => _inside.RunAsync("nft list ruleset");

    private T Enter<T>(Func<T> observe)
    {
        var seen = default(T)!;
        _inside.Start(() => seen = observe()).Join();
        return seen;
    }

    private void Enter(Action act) => _inside.Start(act).Join();
}
