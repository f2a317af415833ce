using SmmAgent.Core.Firewall.Planning;
using SmmAgent.Core.Firewall.Rules;
using SmmAgent.Core.Firewall.State;
using SmmAgent.Core.Settings;

namespace SmmAgent.Core.Tests.Firewall;

public sealed class ChainRulesTests
{
    [Fact]
    public void APortOfTheWorkloadGroupIsOpenAlsoAfterTheCaptureAndTheAgentsOwnIsNot() => Assert.Equal(
        [
            "-p tcp -m tcp --dport 8080 -m comment --comment \"smm-agent: http\" -j ACCEPT",
            "-p tcp -m tcp --dport 15006 -m conntrack --ctorigdstport 8080 -m comment --comment \"smm-agent: http captured\" -j ACCEPT",
            "-p tcp -m tcp --dport 16400 -m comment --comment \"smm-agent: agent\" -j ACCEPT",
        ],
        AgentRules.Build(FirewallSamples.Desired(), IpFamily.IPv6).Select(rule => rule.ToString()));

    [Fact]
    public void EachFamilyHasTheSourcesOfItsOwnAndNoRuleWithoutOne()
    {
        var desired = FirewallSamples.Desired("10.0.0.0/8", "192.168.7.9/24");

        Assert.Equal(6, AgentRules.Build(desired, IpFamily.IPv4).Count);
        Assert.StartsWith("-s 192.168.7.0/24 ", AgentRules.Build(desired, IpFamily.IPv4)[^1].ToString(), StringComparison.Ordinal);
        Assert.Empty(AgentRules.Build(desired, IpFamily.IPv6));
    }

    [Fact]
    public void ThePortOfTheCaptureItselfIsNeverOpenedForEverybody() => Assert.All(
        AgentRules.Build(new([new(15006, "odd", Captured: true)], [], Complete: true), IpFamily.IPv4), rule => Assert.Equal(15006, rule.CapturedFrom));

    [Fact]
    public void ANameCannotBreakOutOfItsComment()
    {
        var rule = AgentRules.Build(new([new(80, "a\"\n-j X", Captured: false)], [], Complete: true), IpFamily.IPv4).Single().ToString();

        Assert.Contains("\"smm-agent: a__-j_X\"", rule, StringComparison.Ordinal);
    }

    [Fact]
    public void WithoutAMeshConfigurationTheManagementPortsAreWanted()
    {
        var desired = DesiredFirewall.From(new AgentSettings(), null);

        Assert.False(desired.Complete);
        Assert.Equal([16400, 16401], desired.Ports.Select(port => port.Port));
        Assert.All(desired.Ports, port => Assert.False(port.Captured));
    }
}
