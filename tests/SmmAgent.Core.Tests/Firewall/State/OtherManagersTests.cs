using SmmAgent.Core.Firewall.Diagnosis;
using SmmAgent.Core.Firewall.Planning;
using SmmAgent.Core.Firewall.Rules;
using SmmAgent.Core.Firewall.State;
using SmmAgent.Core.Tests.Firewall.Diagnosis;
using static SmmAgent.Core.Tests.Firewall.FirewallSamples;

namespace SmmAgent.Core.Tests.Firewall.State;

public sealed class OtherManagersTests
{
    private const string Ufw =
        ":ufw-before-input - [0:0]\n:ufw-user-input - [0:0]\n-A INPUT -j ufw-before-input\n-A INPUT -j ufw-user-input\n";

    [Fact]
    public void DockerChainsAreFoundInFilterAndNat()
    {
        var observed = Observed(Table(":DOCKER-USER - [0:0]\n:DOCKER-ISOLATION-STAGE-1 - [0:0]\n:MY-DOCKER - [0:0]\n")) with
        {
            Nat = Nat(
                "-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80\n-A DOCKER -i docker0 -j RETURN\n"
                + "-A DOCKER -d 127.0.0.1/32 ! -i docker0 -p tcp -m tcp --dport 8082 -j DNAT --to-destination 172.17.0.2:80\n"),
        };

        Assert.Equal(["DOCKER", "DOCKER-ISOLATION-STAGE-1", "DOCKER-USER"], observed.DockerChains());
        Assert.Equal([8080], observed.PublishedByDocker());
    }

    [Fact]
    public void HostWithoutDockerHasNoDockerChains()
    {
        var observed = Observed(Table("-A INPUT -p tcp -m tcp --dport 8080 -j ACCEPT\n"));

        Assert.Empty(observed.DockerChains());
        Assert.Empty(observed.PublishedByDocker());
    }

    [Theory]
    [InlineData("", "ACCEPT", 0)]
    [InlineData("", "DROP", 1)]
    [InlineData(":SMM-AGENT - [0:0]\n-A INPUT -j SMM-AGENT\n-A SMM-AGENT -p tcp -m tcp --dport 16400 -j ACCEPT\n", "ACCEPT", 0)]
    [InlineData("-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n-A FORWARD -j DROP\n", "ACCEPT", 2)]
    public void ForeignRulesAreCounted(string rules, string policy, int count) => Assert.Equal(count, Table(rules, policy).ForeignRules());

    [Fact]
    public void FixUsesUfwWhereUfwBlocksAPort()
    {
        var desired = Desired();
        var found = Of(desired, Observed(Table(Ufw, "DROP")));

        Assert.Equal(["run: sudo ufw allow 8080/tcp", "run: sudo ufw allow 16400/tcp"], found.Select(hindrance => hindrance.Remediation));
        Assert.All(found, hindrance => Assert.True(hindrance is { Where: "INPUT of iptables", IsCertain: true, IsPlanned: true }));
        Assert.Equal(
            "run: sudo ufw allow proto tcp from 10.0.0.0/8 to any port 16400",
            Of(Desired("10.0.0.0/8"), Observed(Table(Ufw, "DROP")))[1].Remediation);
    }

    [Fact]
    public void PortThatTheAgentMayNotOpenIsNotPlanned()
    {
        var found = Of(Desired(), DiagnosisSamples.WithNft("""{"match":{"op":"==","left":DPORT,"right":8080}},{"accept":null}"""));

        var hindrance = Assert.Single(found);
        Assert.Equal((Agent, "nftables chain inet site in", false), (hindrance.Port, hindrance.Where, hindrance.IsPlanned));
        Assert.Equal("run: sudo nft add rule inet site in 'tcp dport 16400 accept'", hindrance.Remediation);
    }

    [Fact]
    public void ClosedZoneOfFirewalldIsReportedForEachPort()
    {
        var observed = DiagnosisSamples.Attached(Desired())
            with
        { Firewalld = new FirewalldObservation.Seen(new([DiagnosisSamples.Zone([8080])])) };

        var hindrance = Assert.Single(Of(Desired(), observed));
        Assert.Equal((Agent, "firewalld's zone public", true), (hindrance.Port, hindrance.Where, hindrance.IsPlanned));
        Assert.Equal("run: sudo firewall-cmd --permanent --zone=public --add-port=16400/tcp && sudo firewall-cmd --reload",
            hindrance.Remediation);
    }

    private static IReadOnlyList<PortBlocker> Of(DesiredFirewall desired, ObservedFirewall observed) =>
        PortBlockers.FindAll(desired, new([], observed, FirewallPlanner.Plan(desired, observed)));

    private static FilterTable Nat(string rules) =>
        FilterTable.Parse($"*nat\n:PREROUTING ACCEPT [0:0]\n:DOCKER - [0:0]\n{rules}COMMIT\n", "nat")!;
}
