using SmmAgent.Core.Conditions;
using SmmAgent.Core.Firewall.Nft;
using SmmAgent.Core.Planning;
using static SmmAgent.Core.Tests.Firewall.Diagnosis.DiagnosisSamples;
using static SmmAgent.Core.Tests.Firewall.FirewallSamples;

namespace SmmAgent.Core.Tests.Firewall.Diagnosis;

public sealed class ForeignTableTests
{
    [Theory]
    [InlineData("", true)]
    [InlineData("""{"match":{"op":"==","left":{"ct":{"key":"state"}},"right":["established","related"]}},{"accept":null}""", true)]
    [InlineData("""{"match":{"op":"==","left":{"meta":{"key":"iifname"}},"right":"lo"}},{"accept":null}""", true)]
    [InlineData("""{"match":{"op":"==","left":DPORT,"right":22}},{"accept":null}""", true)]
    [InlineData("""{"match":{"op":"==","left":{"payload":{"protocol":"udp","field":"dport"}},"right":8080}},{"accept":null}""", true)]
    [InlineData("""{"match":{"op":"!=","left":DPORT,"right":22}},{"drop":null}""", true)]
    [InlineData("""{"match":{"op":"==","left":DPORT,"right":{"set":[8080,16400]}}},{"counter":{"packets":0,"bytes":0}},{"accept":null}""",
        false)]
    [InlineData("""{"match":{"op":"==","left":DPORT,"right":{"range":[8080,16400]}}},{"accept":null}""", false)]
    [InlineData("""{"match":{"op":"==","left":{"meta":{"key":"l4proto"}},"right":{"set":["tcp","udp"]}}},{"accept":null}""", false)]
    [InlineData("""{"match":{"op":"==","left":{"ct":{"key":"state"}},"right":["new","established"]}},{"accept":null}""", false)]
    [InlineData("""{"vmap":{"key":DPORT,"data":{"set":[[8080,{"accept":null}],[16400,{"accept":null}]]}}}""", false)]
    [InlineData("""{"jump":{"target":"extra"}}""", true)]
    public void ForeignTableBlocksUnlessItAccepts(string expressions, bool blocks)
    {
        var state = Of(Desired(), WithNft(expressions));

        Assert.Equal(blocks ? "BlockedByAnotherTable" : "OpenToAny", state.PortsOpen.Reason);
        Assert.All(state.Ports, port => Assert.Equal(!blocks, port.Open));
    }

    [Fact]
    public void NamedSetIsReadAndTheFixNamesOnlyTheMissingPorts()
    {
        var state = Of(Desired(), WithNft("""{"match":{"op":"==","left":DPORT,"right":"@web"}},{"accept":null}"""));

        Assert.Equal([true, false], state.Ports.Select(port => port.Open!.Value));
        Assert.Equal(
            "nftables chain inet site in does not let 16400 in: run: sudo nft add rule inet site in 'tcp dport 16400 accept'",
            state.PortsOpen.Message);
    }

    [Fact]
    public void FixIsInsertedBeforeARuleThatDrops() =>
        Assert.Contains("nft insert rule inet site in 'tcp dport { 8080, 16400 } accept'",
            Of(Desired(), WithNft("""{"reject":null}""")).PortsOpen.Message, StringComparison.Ordinal);

    [Fact]
    public void RedirectedConnectionMustBeAcceptedWithACapture()
    {
        var onlyPlain = WithNft("""{"match":{"op":"==","left":DPORT,"right":{"set":[8080,16400]}}},{"accept":null}""")
            with
        { Captured = true };
        var state = Of(Desired("10.0.0.0/8", "2001:db8::/32"), onlyPlain);

        Assert.Contains("nft add rule inet site in 'ip saddr 10.0.0.0/8 tcp dport 15006 ct original proto-dst 8080 accept'",
            state.PortsOpen.Message, StringComparison.Ordinal);
        Assert.Contains("'ip6 saddr 2001:db8::/32 tcp dport 15006", state.PortsOpen.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"match":{"op":"==","left":{"ct":{"key":"status"}},"right":"dnat"}},{"accept":null}""")]
    [InlineData(
        """{"match":{"op":"==","left":DPORT,"right":15006}},{"match":{"op":"==","left":{"ct":{"key":"proto-dst","dir":"original"}},"right":8080}},{"accept":null}""")]
    public void RuleForRedirectedConnectionsOpensTheCapturedPort(string expressions) =>
        Assert.Equal([true, false], Of(Desired(), WithNft(expressions) with { Captured = true }).Ports.Select(port => port.Open!.Value));

    [Fact]
    public void UnknownConditionIsNotClaimed()
    {
        var state = Of(Desired(), WithNft("""{"match":{"op":"==","left":{"meta":{"key":"iifname"}},"right":"eth0"}},{"accept":null}"""));

        Assert.Equal((ConditionStatus.Unknown, "Unclear"), (state.PortsOpen.Status, state.PortsOpen.Reason));
        Assert.All(state.Ports, port => Assert.Null(port.Open));
    }

    [Fact]
    public void UnreadableTablesAreReported() => Assert.Contains(
        "could not be read: JSON support not compiled-in",
        Of(Desired(), Attached(Desired()) with { Nft = Observation<NftRuleset>.Unknown("JSON support not compiled-in") }).PortsOpen.Message,
        StringComparison.Ordinal);

    [Theory]
    [InlineData("""{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"192.0.2.1"}},{"drop":null}""")]
    [InlineData("""{"limit":{"rate":10,"per":"second","inv":true}},{"drop":null}""")]
    public void BanOrRateLimitDoesNotBlockAPort(string expressions) =>
        Assert.Equal("OpenToAny", Of(Desired(), WithNft(expressions, "accept")).PortsOpen.Reason);

    [Theory]
    [InlineData("""{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"@web"}},{"drop":null}""", false)]
    [InlineData("""{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"@web"}},{"accept":null}""", true)]
    [InlineData("""{"match":{"op":"==","left":DPORT,"right":"@web"}},{"drop":null}""", true)]
    [InlineData("""{"vmap":{"key":DPORT,"data":"@web"}}""", true)]
    [InlineData("""{"match":{"op":"==","left":DPORT,"right":"@web"}},{"jump":{"target":"extra"}}""", true)]
    [InlineData("""{"match":{"op":"==","left":DPORT,"right":{"set":[22]}}},{"accept":null}""", false)]
    public void SetThatDecidesAboutAPortIsReadWithElements(string expressions, bool decides) =>
        Assert.Equal(decides ? ["web"] : [], WithNft(expressions).Nft!.Value!.DecidingSets.Select(set => set.Name));

    [Fact]
    public void SetWithoutElementsIsUnclear()
    {
        var observed = WithNft("""{"match":{"op":"==","left":DPORT,"right":"@web"}},{"accept":null}""");
        var terse = observed.Nft!.Value! with { HasElements = false };
        var json = System.Text.Json.JsonDocument.Parse("{}").RootElement;
        var unread = terse with { Sets = terse.Sets.ToDictionary(set => set.Key, _ => json) };

        Assert.Equal("Unclear", Of(Desired(), observed with { Nft = Observation<NftRuleset>.Known(unread) }).PortsOpen.Reason);
        Assert.Equal("BlockedByAnotherTable",
            Of(Desired(), observed with { Nft = Observation<NftRuleset>.Known(unread.With([terse])) }).PortsOpen.Reason);
    }

    [Fact]
    public void TablesOfIptablesAreNotForeign()
    {
        var nft = NftRuleset.Parse(
            """{"nftables":[{"chain":{"family":"ip","table":"filter","name":"INPUT","handle":1,"type":"filter","hook":"input","prio":0,"policy":"drop"}}]}""")!;

        Assert.Empty(nft.InputChains);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("[1]")]
    [InlineData("""{"nftables":[{"chain":{}}]}""")]
    [InlineData("""{"nftables":[{"rule":{"family":"ip"}}""")]
    public void OtherTextIsNotARuleset(string json) => Assert.Null(NftRuleset.Parse(json));
}
