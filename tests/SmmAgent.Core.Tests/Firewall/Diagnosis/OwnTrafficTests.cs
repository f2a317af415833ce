using System.Net;
using SmmAgent.Core.Firewall.Diagnosis;
using SmmAgent.Core.Firewall.Evaluation;
using SmmAgent.Core.Firewall.Nft;
using SmmAgent.Core.Firewall.Rules;
using SmmAgent.Core.Firewall.State;
using SmmAgent.Core.Planning;
using static SmmAgent.Core.Tests.Firewall.FirewallSamples;

namespace SmmAgent.Core.Tests.Firewall.Diagnosis;

/// <summary>Replies to the VM's own connections through INPUT, and the connections themselves through OUTPUT.</summary>
public sealed class OwnTrafficTests
{
    private const string Established = "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n";

    private static readonly OwnConnection Istiod = new(Transport.Tcp, IPAddress.Parse("13.48.73.61"), 15012);
    private static readonly OwnConnection Mesh = new(Transport.Tcp, IPAddress.Parse("13.48.73.61"), 15443);
    private static readonly OwnConnection Dashboard = new(Transport.Tcp, null, 443);
    private static readonly OwnConnection Dns = OwnConnection.Dns(IPAddress.Parse("10.0.0.2"));
    private static readonly OwnConnection[] All = [Istiod, Mesh, Dashboard, Dns];

    [Theory]
    [InlineData("")]
    [InlineData("-A INPUT -i lo -j ACCEPT\n-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n")]
    [InlineData("-A INPUT -m conntrack --ctstate NEW -j ACCEPT\n")]
    [InlineData("-A INPUT -m state --state NEW,INVALID -j ACCEPT\n")]
    [InlineData("-A INPUT -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -j ACCEPT\n")]
    [InlineData("-A INPUT -p icmp -j ACCEPT\n")]
    [InlineData("-A INPUT -s 192.168.0.0/16 -m conntrack --ctstate ESTABLISHED -j ACCEPT\n")]
    [InlineData("-A INPUT -m conntrack --ctdir ORIGINAL -j ACCEPT\n")]
    [InlineData("-A INPUT -m conntrack ! --ctstate RELATED,ESTABLISHED -j ACCEPT\n")]
    [InlineData("-A INPUT -d 2001:db8::/32 -j ACCEPT\n")]
    public void InputThatDropsRepliesIsReportedWithTheFix(string rules)
    {
        var verdict = OwnTraffic.Evaluate([Istiod, Mesh], Observed(Table(rules, "DROP")));

        Assert.Null(verdict.UnclearReason);
        Assert.Equal([Istiod, Mesh], verdict.Blockers.Select(obstacle => obstacle.Connection));
        Assert.All(verdict.Blockers, obstacle => Assert.Equal(OwnTraffic.RepliesDropped, obstacle.Reason));
        Assert.All(verdict.Blockers, obstacle => Assert.Equal(
            "INPUT drops replies to the VM's own connections; sudo iptables -I INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT",
            obstacle.Message));
    }

    [Theory]
    [InlineData(Established)]
    [InlineData("-A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT\n")]
    [InlineData("-A INPUT -m conntrack --ctstate INVALID -j DROP\n-A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT\n")]
    [InlineData("-A INPUT -m conntrack ! --ctstate NEW,INVALID -j ACCEPT\n")]
    [InlineData("-A INPUT -m conntrack --ctdir REPLY -j ACCEPT\n")]
    [InlineData("-A INPUT -p tcp -m tcp --dport 1024:65535 -j ACCEPT\n-A INPUT -p udp -m udp --sport 53 -j ACCEPT\n")]
    [InlineData("-A INPUT -p tcp -m multiport --sports 443,15012,15443 -j ACCEPT\n-A INPUT -p 17 -j ACCEPT\n")]
    [InlineData("-A INPUT -p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN -j ACCEPT\n-A INPUT -s 10.0.0.0/8 -p udp -j ACCEPT\n")]
    public void InputThatAcceptsRepliesIsNotABlocker(string rules)
    {
        var verdict = OwnTraffic.Evaluate(All, Observed(Table(rules, "DROP")));

        Assert.Null(verdict.UnclearReason);
        Assert.Empty(verdict.Blockers);
    }

    [Fact]
    public void RepliesThatAChainOfTheHostAcceptsAreAccepted()
    {
        var table = FilterTable.Parse(
            "*filter\n:INPUT DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n:ours - [0:0]\n-A INPUT -j ours\n-A ours -m conntrack --ctstate ESTABLISHED "
                + "-j ACCEPT\nCOMMIT\n")!;

        Assert.Empty(OwnTraffic.Evaluate(All, Observed(table)).Blockers);
    }

    [Theory]
    [InlineData("-A INPUT -i eth0 -m conntrack --ctstate ESTABLISHED -j ACCEPT\n")]
    [InlineData("-A INPUT -m set --match-set mesh src -j ACCEPT\n")]
    [InlineData("-A INPUT -m mark --mark 0x1 -j ACCEPT\n")]
    [InlineData("-A INPUT -p tcp -m tcp --dport 40000:50000 -j ACCEPT\n")]
    public void UnknownConditionIsNeverClaimed(string rules)
    {
        var verdict = OwnTraffic.Evaluate([Istiod], Observed(Table(rules, "DROP")));

        Assert.Empty(verdict.Blockers);
        Assert.Equal("INPUT has rules the agent cannot evaluate", verdict.UnclearReason);
    }

    [Fact]
    public void UnreadableTableIsNotABlocker()
    {
        var unobserved = new ObservedFilter(
            new(IpFamily.IPv4), Observation<FilterState>.Unknown("iptables-save: Permission denied"), NotPermitted: true);

        var verdict = OwnTraffic.Evaluate(All, new([unobserved], new FirewalldObservation.NotRunning()));

        Assert.Empty(verdict.Blockers);
        Assert.Equal("iptables cannot be read: iptables-save: Permission denied", verdict.UnclearReason);
    }

    [Fact]
    public void OnlyDroppedRepliesAreReported()
    {
        var verdict = OwnTraffic.Evaluate(
            All, Observed(Table("-A INPUT -p tcp -m multiport --sports 443,15443 -j ACCEPT\n-A INPUT -p udp -j ACCEPT\n", "DROP")));

        var obstacle = Assert.Single(verdict.Blockers);
        Assert.Equal("INPUT drops replies to the VM's own connections to 15012/tcp", obstacle.Problem);
    }

    [Fact]
    public void TheIPv6TableIsJudgedForPeersOfThatFamily()
    {
        var six = Istiod with { Peer = IPAddress.Parse("2606:4700::1") };
        var observed = Observed(Table(Established, "DROP"), Table("", "DROP"));

        var obstacle = Assert.Single(OwnTraffic.Evaluate([Istiod, Dns, six], observed).Blockers);

        Assert.Equal((six, "sudo ip6tables -I INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT"),
            (obstacle.Connection, obstacle.Remediation));
        Assert.True(obstacle.Concerns(six.Peer!, 15012));
        Assert.False(obstacle.Concerns(Istiod.Peer!, 15012));
    }

    [Fact]
    public void OutputThatDropsIsReportedWithPortsAndFix()
    {
        var table = FilterTable.Parse(
            "*filter\n:INPUT ACCEPT [0:0]\n:OUTPUT DROP [0:0]\n-A OUTPUT -o lo -j ACCEPT\n-A OUTPUT -m conntrack --ctstate "
                + "ESTABLISHED -j ACCEPT\n"
            + "-A OUTPUT -p tcp -m tcp --dport 443 -j ACCEPT\nCOMMIT\n")!;

        var verdict = OwnTraffic.Evaluate(All, Observed(table));

        Assert.Equal([Istiod, Mesh, Dns], verdict.Blockers.Select(obstacle => obstacle.Connection));
        Assert.Equal(
            "OUTPUT drops the VM's own connections to 15012/tcp, 15443/tcp, 53/udp; sudo iptables -I OUTPUT -p tcp -m multiport --dports "
                + "15012,15443 -j ACCEPT"
            + " && sudo iptables -I OUTPUT -p udp --dport 53 -j ACCEPT",
            verdict.Blockers[0].Message);
        Assert.True(verdict.Blockers[2].ConcernsNames);
    }

    [Theory]
    [InlineData("-A OUTPUT -m owner --uid-owner 0 -j ACCEPT\n")]
    [InlineData("-A OUTPUT -o eth0 -j ACCEPT\n")]
    public void OutputWithUnknownConditionsIsNeverClaimed(string rules)
    {
        var table = FilterTable.Parse($"*filter\n:INPUT ACCEPT [0:0]\n:OUTPUT DROP [0:0]\n{rules}COMMIT\n")!;

        Assert.Empty(OwnTraffic.Evaluate(All, Observed(table)).Blockers);
    }

    [Theory]
    [InlineData("""{"match":{"op":"in","left":{"ct":{"key":"state"}},"right":["established","related"]}},{"accept":null}""", false)]
    [InlineData("""{"match":{"op":"==","left":{"ct":{"key":"state"}},"right":{"set":["established","related"]}}},{"accept":null}""", false)]
    [InlineData("""{"match":{"op":"==","left":{"ct":{"key":"state"}},"right":{"|":["established","related"]}}},{"accept":null}""", false)]
    [InlineData(
        """{"vmap":{"key":{"ct":{"key":"state"}},"data":{"set":[["invalid",{"drop":null}],["established",{"accept":null}],["related",{"accept":null}]]}}}""", false)]
    [InlineData("""{"match":{"op":"==","left":{"ct":{"key":"direction"}},"right":"reply"}},{"accept":null}""", false)]
    [InlineData("""{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"sport"}},"right":15012}},{"accept":null}""", false)]
    [InlineData(
        """{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":{"range":[1024,65535]}}},{"accept":null}""",
        false)]
    [InlineData(
        """{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":{"prefix":{"addr":"13.48.0.0","len":16}}}},{"accept":null}""", false)]
    [InlineData("", true)]
    [InlineData("""{"vmap":{"key":{"ct":{"key":"state"}},"data":{"set":[["new",{"accept":null}],["established",{"drop":null}]]}}}""", true)]
    [InlineData("""{"match":{"op":"==","left":{"ct":{"key":"state"}},"right":"new"}},{"accept":null}""", true)]
    [InlineData("""{"match":{"op":"==","left":{"meta":{"key":"iifname"}},"right":"lo"}},{"accept":null}""", true)]
    [InlineData("""{"match":{"op":"==","left":{"payload":{"protocol":"udp","field":"sport"}},"right":53}},{"accept":null}""", true)]
    [InlineData("""{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":22}},{"accept":null}""", true)]
    public void InputChainOfNftablesIsEvaluatedAlike(string expressions, bool drops)
    {
        var verdict = OwnTraffic.Evaluate([Istiod], DiagnosisSamples.WithNft(expressions) with { Filters = Observed(Table()).Filters });

        Assert.Null(verdict.UnclearReason);
        Assert.Equal(
            drops
            ? ["chain inet site in drops replies to the VM's own connections; sudo nft insert rule inet site in ct state "
                + "established,related accept"] : [],
            verdict.Blockers.Select(obstacle => obstacle.Message));
    }

    [Fact]
    public void OutputChainOfNftablesIsReportedWithTheFix()
    {
        var nft = NftRuleset.Parse(
            """{"nftables":[{"chain":{"family":"inet","table":"site","name":"out","handle":1,"type":"filter","hook":"output","prio":0,"policy":"drop"}}]}""")!;

        var verdict = OwnTraffic.Evaluate([Istiod, Mesh], Observed(Table()) with { Nft = Observation<NftRuleset>.Known(nft) });

        Assert.Equal(
            "chain inet site out drops the VM's own connections to 15012/tcp, 15443/tcp; sudo nft insert rule inet site out tcp dport '{ "
                + "15012, 15443 }' accept",
            verdict.Blockers[0].Message);
    }

    [Fact]
    public void FixChangesThePolicyThatFirewalldKept()
    {
        var nft = NftRuleset.Parse(
            """{"nftables":[{"chain":{"family":"inet","table":"firewalld","name":"filter_INPUT","handle":1,"type":"filter","hook":"input","prio":10,"policy":"accept"}}]}""")!;
        var emptied = Observed(Table(
            "-A INPUT -j SMM-AGENT\n".Replace("-A INPUT", ":SMM-AGENT - [0:0]\n-A INPUT", StringComparison.Ordinal), "DROP")) with
        {
            Firewalld = new FirewalldObservation.Seen(new([])),
            Nft = Observation<NftRuleset>.Known(nft),
        };

        var obstacle = Assert.Single(OwnTraffic.Evaluate([Istiod], emptied).Blockers);

        Assert.Contains("firewalld removed the rule for them when it started, and kept the policy DROP", obstacle.Problem,
            StringComparison.Ordinal);
        Assert.Equal("sudo iptables -P INPUT ACCEPT", obstacle.Remediation);
        Assert.Equal(
            "sudo iptables -I INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT",
            OwnTraffic.Evaluate([Istiod], emptied with { Firewalld = new FirewalldObservation.NotRunning() }).Blockers[0].Remediation);
    }

    [Fact]
    public void UfwFixUsesTheCommandOfUfw()
    {
        var table = FilterTable.Parse(
            "*filter\n:INPUT ACCEPT [0:0]\n:OUTPUT DROP [0:0]\n:ufw-user-output - [0:0]\n-A OUTPUT -j ufw-user-output\nCOMMIT\n")!;

        Assert.Equal("sudo ufw allow out proto tcp to any port 15012,15443",
            OwnTraffic.Evaluate([Istiod, Mesh], Observed(table)).Blockers[0].Remediation);
    }

    [Fact]
    public void LoopbackConnectionsAreNotEvaluated() => Assert.Empty(OwnTraffic.Evaluate(
        [new(Transport.Tcp, IPAddress.Loopback, 443)], Observed(Table("", "DROP"))).Blockers);
}
