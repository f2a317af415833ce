using SmmAgent.Core.Firewall.Rules;
using SmmAgent.Linux.Firewall;
using Inside = SmmAgent.Linux.Tests.Events.ThreadNamespace;

namespace SmmAgent.Linux.Tests.Firewall;

/// <summary>What the capture of the sidecar's traffic leaves of iptables-nft's tables.</summary>
public sealed class NftTablesTests : IDisposable
{
    private readonly Inside _inside = new();

    public void Dispose() => _inside.Dispose();

    [Theory]
    [InlineData(IpFamily.IPv4, "iptables-nft", "nat")]
    [InlineData(IpFamily.IPv6, "ip6tables-nft", "nat")]
    [InlineData(IpFamily.IPv4, "iptables-nft", "mangle")]
    [InlineData(IpFamily.IPv6, "ip6tables-nft", "raw")]
    public async Task TableWithoutRulesIsRemoved(IpFamily family, string iptables, string table)
    {
        Assert.Equal((null, false), (Handle(family, table), RemoveHusk(family, table)));
        await _inside.RunAsync($"{iptables} -t {table} -N ISTIO");
        await _inside.RunAsync($"{iptables} -t {table} -A OUTPUT -p tcp -j ISTIO");
        Assert.NotNull(Handle(family, table));
        Assert.False(RemoveHusk(family, table));

        await _inside.RunAsync($"{iptables} -t {table} -D OUTPUT -p tcp -j ISTIO");
        await _inside.RunAsync($"{iptables} -t {table} -X ISTIO");

        Assert.True(RemoveHusk(family, table));
        Assert.Null(Handle(family, table));
        Assert.Equal("", await RulesetAsync());
    }

    [Theory]
    [InlineData("iptables-nft -t nat -A OUTPUT -p tcp --dport 80 -j REDIRECT --to-ports 8080")]
    [InlineData("iptables-nft -t nat -N OTHERS")]
    [InlineData("nft chain ip nat OUTPUT { policy drop ; }")]
    [InlineData("nft add set ip nat theirs { type ipv4_addr; }")]
    public async Task TableWithForeignRulesStays(string deed)
    {
        await _inside.RunAsync("iptables-nft -t nat -A OUTPUT -p tcp -j REDIRECT --to-ports 15001");
        await _inside.RunAsync("iptables-nft -t nat -D OUTPUT -p tcp -j REDIRECT --to-ports 15001");
        await _inside.RunAsync(deed);
        var before = await RulesetAsync();

        Assert.False(RemoveHusk(IpFamily.IPv4, "nat"));

        Assert.Equal(before, await RulesetAsync());
    }

    [Fact]
    public async Task OtherTablesAndTheOtherFamilyStay()
    {
        foreach (var command in (string[])[
            "iptables-nft -t nat -P OUTPUT ACCEPT", "iptables-nft -t mangle -P OUTPUT ACCEPT", "ip6tables-nft -t nat -P OUTPUT ACCEPT"])
            await _inside.RunAsync(command);

        Assert.True(RemoveHusk(IpFamily.IPv4, "nat"));

        Assert.Equal(["table ip mangle", "table ip6 nat"],
            (await _inside.RunAsync("nft list tables")).Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task RecreatedTableStays()
    {
        await _inside.RunAsync("iptables-nft -t nat -P OUTPUT ACCEPT");
        var before = Handle(IpFamily.IPv4, "nat")!.Value;
        await _inside.RunAsync("nft flush ruleset");
        await _inside.RunAsync("iptables-nft -t nat -P OUTPUT ACCEPT");

        Assert.False(Enter(() => NftTables.RemoveEmptyTable(IpFamily.IPv4, "nat", before)));
        Assert.NotNull(Handle(IpFamily.IPv4, "nat"));
    }

    private Task<string> RulesetAsync() => _inside.RunAsync("nft list ruleset");

    private ulong? Handle(IpFamily family, string table) => Enter(() => NftTables.Handle(family, table));

    private bool RemoveHusk(IpFamily family, string table) => Enter(() => NftTables.RemoveEmptyTable(family, table));

    private T Enter<T>(Func<T> observe)
    {
        var seen = default(T)!;
        _inside.Start(() => seen = observe()).Join();
        return seen;
    }
}
