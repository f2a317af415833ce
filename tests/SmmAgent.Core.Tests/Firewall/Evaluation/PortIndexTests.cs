using CsCheck;
using SmmAgent.Core.Firewall.Evaluation;
using SmmAgent.Core.Firewall.Nft;
using SmmAgent.Core.Firewall.Rules;
using static SmmAgent.Core.Tests.Firewall.FirewallSamples;

namespace SmmAgent.Core.Tests.Firewall.Evaluation;

public sealed class PortIndexTests
{
    private const int EnoughForAnIndex = 100;

    // The rules use few ports, so that most packets meet several rules of their port.
    private static readonly Gen<string> GenRule =
        from port in Gen.Int[80, 90]
        from other in Gen.Int[80, 90]
        from target in Gen.OneOf("ACCEPT", "DROP", "RETURN", "OTHERS", "LOG")
        from match in Gen.OneOf(
            $"-p tcp -m tcp --dport {port}",
            $"-p udp -m udp --dport {port}",
            $"-p tcp -m tcp ! --dport {port}",
            $"-p tcp -m tcp --dport {port}:{Math.Max(port, other)}",
            $"-p tcp -m tcp --sport {port}",
            $"-p tcp -m multiport --dports {port},{other}",
            $"-p tcp -m tcp --dport 15006 -m conntrack --ctorigdstport {port}",
            $"-p tcp -m conntrack ! --ctorigdstport {port}",
            $"-s 10.0.0.0/8 -p tcp -m tcp --dport {port}",
            $"-s 10.0.0.{other}/32 -p tcp -m tcp --dport {port}",
            "-i lo")
        select $"{match} -j {target}";

    private static readonly Gen<Packet> GenPacket =
        from port in Gen.Int[79, 91]
        from source in Gen.OneOf("0.0.0.0/0", "10.0.0.0/8", "10.0.0.85/32", "192.0.2.0/24")
        from kind in Gen.Int[0, 2]
        let network = System.Net.IPNetwork.Parse(source)
        select kind switch
        {
            0 => Packet.FromCluster(IpFamily.IPv4, network, port, port),
            1 => Packet.FromCluster(IpFamily.IPv4, network, AgentChain.CapturePort, port),
            _ => Packet.Reply(Transport.Tcp, network, port),
        };

    [Fact]
    public void IndexedTableEvaluatesAsAWalkThroughAllRules() =>
        Gen.Select(GenRule.Array[EnoughForAnIndex], GenRule.Array[EnoughForAnIndex], GenPacket.Array[20], Gen.Bool).Sample(
            (input, others, packets, drops) =>
            {
                // A jump from OTHERS to itself is a loop, which the kernel refuses.
                var table = Table(
                    ":OTHERS - [0:0]\n" + string.Concat(input.Select(rule => $"-A INPUT {rule}\n"))
                    + string.Concat(others.Where(rule => !rule.Contains("OTHERS", StringComparison.Ordinal)).Select(
                        rule => $"-A OTHERS {rule}\n")),
                    drops ? "DROP" : "ACCEPT");
                var indexed = new IndexedTable(table);
                return packets.All(packet =>
                    IptablesEvaluator.Evaluate(indexed, "INPUT", packet) == IptablesEvaluator.Evaluate(table, "INPUT", packet));
            });

    private const string VerdictMap = """{"vmap":{"key":{"meta":{"key":"nfproto"}},"data":{"set":[["ipv4",{"drop":null}]]}}}""";

    private static readonly Gen<string> GenNftRule =
        from port in Gen.Int[80, 90]
        from verdict in Gen.OneOf("accept", "drop", "return", "counter")
        from matches in Gen.OneOf(
            Payload("dport", "==", $"{port}"),
            Payload("dport", "!=", $"{port}"),
            Payload("sport", "==", $"{port}"),
            Payload("dport", "==", "{\"range\":[" + port + "," + (port + 3) + "]}"),
            Payload("dport", "==", "{\"set\":[" + port + "," + (port + 2) + "]}"),
            $"{Payload("dport", "==", "15006")},{Original(port)}",
            Original(port),
            $"{VerdictMap},{Payload("dport", "==", $"{port}")}")
        select "{\"rule\":{\"family\":\"inet\",\"table\":\"t\",\"chain\":\"in\",\"handle\":1,\"expr\":["
            + $"{matches},{{\"{verdict}\":null}}]}}}}";

    [Fact]
    public void IndexedRulesetEvaluatesAsAWalkThroughAllRules() =>
        Gen.Select(GenNftRule.Array[EnoughForAnIndex], GenPacket.Array[20]).Sample((rules, packets) =>
        {
            var ruleset = NftRuleset.Parse($$$"""
                {"nftables":[{"table":{"family":"inet","name":"t","handle":1}},
                {"chain":{"family":"inet","table":"t","name":"in","handle":1,"type":"filter","hook":"input","prio":0,"policy":"drop"}},
                {{{string.Join(',', rules)}}}]}
                """)!;
            var indexed = new IndexedRuleset(ruleset);
            return packets.All(packet =>
                NftEvaluator.Evaluate(indexed, ruleset.Chains[0], packet) == NftEvaluator.Evaluate(ruleset, ruleset.Chains[0], packet));
        });

    [Theory]
    [InlineData(63, 0, false)] // a short chain
    [InlineData(1000, 0, true)]
    [InlineData(1000, 400, true)]
    [InlineData(0, 1000, false)] // a ban list
    [InlineData(10, 1000, false)]
    public void AnIndexIsCreatedForChainsWithManyRulesOfOnePort(int ofOnePort, int others, bool isExpected)
    {
        List<int?> rules = [.. Enumerable.Range(1, ofOnePort).Select(port => (int?)port), .. Enumerable.Repeat<int?>(null, others)];

        Assert.Equal(isExpected, PortIndex<int?>.Create(rules, port => new(port, null)) is not null);
    }

    [Fact]
    public void APacketMeetsTheRulesOfItsPortAndThoseOfNoPort()
    {
        List<int?> rules = [null, .. Enumerable.Range(1, EnoughForAnIndex).Select(port => (int?)port), null, 7];
        var packet = Packet.FromCluster(IpFamily.IPv4, SourceNetworks.Any(IpFamily.IPv4), 7, 7);

        Assert.Equal([null, 7, null, 7], PortIndex<int?>.Create(rules, port => new(port, null))!.For(packet));
    }

    private static string Payload(string field, string op, string right) =>
        """{"match":{"op":"OP","left":{"payload":{"protocol":"tcp","field":"FIELD"}},"right":RIGHT}}"""
            .Replace("OP", op, StringComparison.Ordinal).Replace("FIELD", field, StringComparison.Ordinal)
            .Replace("RIGHT", right, StringComparison.Ordinal);

    private static string Original(int port) =>
        """{"match":{"op":"==","left":{"ct":{"key":"proto-dst","dir":"original"}},"right":PORT}}"""
            .Replace("PORT", $"{port}", StringComparison.Ordinal);
}
