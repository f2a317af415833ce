using System.Text;
using System.Text.Json.Nodes;
using SmmAgent.Core.Conditions;
using SmmAgent.Core.Firewall.Nft;
using SmmAgent.Core.Planning;
using static SmmAgent.Core.Tests.Firewall.Diagnosis.DiagnosisSamples;
using static SmmAgent.Core.Tests.Firewall.FirewallSamples;

namespace SmmAgent.Core.Tests.Firewall.Nft;

/// <summary>
/// Rulesets that real nft accepts, or that somebody makes up, to end or to hang the process. What cannot be judged is Unknown.
/// </summary>
public sealed class HostileRulesetTests
{
    private const string Dport = """{"payload":{"protocol":"tcp","field":"dport"}}""";

    [Theory]
    [InlineData("ifname", """["@s","eth7"]""", """{"meta":{"key":"iifname"}}""")]
    [InlineData("ipv4_addr", """[{"set":["@s"]}]""", """{"payload":{"protocol":"ip","field":"saddr"}}""")]
    [InlineData("ipv4_addr", """[{"elem":{"val":"@s","timeout":5}}]""", """{"payload":{"protocol":"ip","field":"saddr"}}""")]
    [InlineData("inet_service", "\"@s\"", Dport)]
    public void ElementIsNotAReferenceToASet(string type, string elements, string left)
    {
        var state = Judge(
            $$$$"""{"set":{"family":"inet","name":"s","table":"f","type":"{{{{type}}}}","elem":{{{{elements}}}}}},""",
            $$$$"""{"match":{"op":"==","left":{{{{left}}}},"right":"@s"}},{"accept":null}""");

        Assert.NotEqual(ConditionStatus.True, state.PortsOpen.Status);
    }

    [Theory]
    [InlineData("""{"jump":{"target":"i"}}""")]
    [InlineData("""{"goto":{"target":"a"}}""", """{"jump":{"target":"i"}}""")]
    [InlineData("""{"vmap":{"key":DPORT,"data":{"set":[[8080,{"jump":{"target":"a"}}],[16400,{"goto":{"target":"a"}}]]}}}""",
        """{"vmap":{"key":DPORT,"data":"@m"}}""")]
    public void ChainLoopIsUnclear(string first, string? second = null)
    {
        var state = Judge(
            """{"map":{"family":"inet","name":"m","table":"f","type":"inet_service","map":"verdict","elem":[[8080,{"jump":{"target":"i"}}],[16400,{"jump":{"target":"a"}}]]}},""",
            first, ("a", second ?? """{"counter":null}"""));

        Assert.All(state.Ports, port => Assert.NotEqual(true, port.Open));
    }

    [Fact]
    public async Task ManyPathsThroughTheSameChainsAreFollowedOnce()
    {
        var cancel = TestContext.Current.CancellationToken;
        var chains = Enumerable.Range(0, 31).Select(
            at =>
            ($"c{at}", $$$$"""{"match":{"op":"==","left":{"meta":{"key":"mark"}},"right":1}},{"jump":{"target":"c{{{{at + 1}}}}"}}"""))
            .ToList();
        // Ten rules in each chain, each with a jump into the next: 10^31 ways.
        var judging = Task.Run(
            () => Judge("", """{"jump":{"target":"c0"}}""", [.. chains.SelectMany(chain => Enumerable.Repeat(chain, 10))]), cancel);
        var state = await judging.WaitAsync(TimeSpan.FromMinutes(1), cancel);

        Assert.Equal("BlockedByAnotherTable", state.PortsOpen.Reason);
    }

    [Theory]
    [InlineData("1e999")]
    [InlineData("99999999999999999999999999")]
    [InlineData("-1")]
    [InlineData("{\"range\":[1]}")]
    [InlineData("{\"range\":[99999999999,\"x\"]}")]
    [InlineData("{\"range\":null}")]
    [InlineData("{\"prefix\":{}}")]
    [InlineData("{\"set\":{\"set\":{\"set\":[]}}}")]
    [InlineData("[[[[]]]]")]
    [InlineData("null")]
    public void UnreadableValueAcceptsNothing(string value)
    {
        var state = Judge("", $$$$"""{"match":{"op":"==","left":{{{{Dport}}}},"right":{{{{value}}}}}},{"accept":null}""");

        Assert.All(state.Ports, port => Assert.NotEqual(true, port.Open));
    }

    [Fact]
    public void DeepOrOtherJsonIsUnknown()
    {
        Assert.Null(NftRuleset.Parse("{\"nftables\":[" + new string('[', 100_000)));
        Assert.Null(NftRuleset.Parse("{\"nftables\":[" + new string('[', 200) + new string(']', 200) + "]}"));
        Assert.Null(NftRuleset.Parse("[]"));
        Assert.Null(NftRuleset.Parse("{\"nftables\":7}"));
        Assert.Null(NftRuleset.Parse("{\"nftables\":[{\"rule\":{\"expr\":[]}}]}"));
    }

    [Fact]
    public void ChangedRulesetsAreEvaluatedWithoutAnException()
    {
        var random = new Random(14);
        var whole = Ruleset(
            """{"set":{"family":"inet","name":"s","table":"f","type":"inet_service","elem":[80,{"range":[8000,8100]},{"elem":{"val":9,"timeout":1}}]}},""",
            $$$$"""{"match":{"op":"in","left":{"ct":{"key":"state"}},"right":["new"]}},{"match":{"op":"==","left":{{{{Dport}}}},"right":"@s"}},{"vmap":{"key":{{{{Dport}}}},"data":{"set":[[8080,{"jump":{"target":"a"}}]]}}},{"accept":null}""",
            ("a",
                """{"match":{"op":"!=","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":{"prefix":{"addr":"10.0.0.0","len":8}}}},{"drop":null}"""));
        string[] leaves = ["null", "1e400", "\"@s\"", "[]", "{}", "\"\"", "[[8080,{\"goto\":null}]]", "{\"set\":\"@s\"}",
            "{\"jump\":{\"target\":\"i\"}}", "-5"];
        for (var round = 0; round < 5000; round++)
        {
            var json = JsonNode.Parse(whole)!;
            for (var change = random.Next(1, 4); change > 0; change--)
                Change(json, random, leaves);
            if (NftRuleset.Parse(json.ToJsonString()) is { } ruleset)
                Assert.NotNull(Of(Desired(), Attached(Desired()) with { Nft = Observation<NftRuleset>.Known(ruleset) }).PortsOpen.Message);
        }
    }

    private static void Change(JsonNode json, Random random, string[] leaves)
    {
        var node = json;
        while (true)
        {
            var children = node switch
            {
                JsonObject members => [.. members.Select(member => member.Value)],
                JsonArray items => items.ToList(),
                _ => [],
            };
            if (children.Count == 0)
                return;
            var at = random.Next(children.Count);
            if (children[at] is JsonObject or JsonArray && random.Next(3) > 0)
            {
                node = children[at]!;
                continue;
            }

            var leaf = JsonNode.Parse(leaves[random.Next(leaves.Length)]);
            if (node is JsonArray array)
                array[at] = leaf;
            else if (node is JsonObject members)
                members[members.ElementAt(at).Key] = leaf;
            return;
        }
    }

    private static SmmAgent.Core.Firewall.Diagnosis.PortsState Judge(
        string items, string expressions, params (string Chain, string Expressions)[] chains) =>
        Of(
            Desired(), Attached(Desired())
            with
            {
                Nft = Observation<NftRuleset>.Known(
                NftRuleset.Parse(Ruleset(items, expressions, chains))
                ?? throw new InvalidDataException(Ruleset(items, expressions, chains)))
            });

    private static string Ruleset(string items, string expressions, params (string Chain, string Expressions)[] chains)
    {
        var json = new StringBuilder("{\"nftables\":[").Append(items)
            .Append("""{"chain":{"family":"inet","table":"f","name":"i","type":"filter","hook":"input","prio":0,"policy":"drop"}}""");
        foreach (var (chain, text) in chains.Prepend(("i", expressions)))
            json.Append(
                $$$$""",{"rule":{"family":"inet","table":"f","chain":"{{{{chain}}}}","expr":[{{{{text.Replace("DPORT", Dport, StringComparison.Ordinal)}}}}]}}""");
        return json.Append("]}").ToString();
    }
}
