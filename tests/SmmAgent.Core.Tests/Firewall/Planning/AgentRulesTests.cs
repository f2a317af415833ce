using System.Net;
using SmmAgent.Core.Firewall.Planning;
using SmmAgent.Core.Firewall.Rules;
using SmmAgent.Core.Firewall.State;
using SmmAgent.Core.Settings;

namespace SmmAgent.Core.Tests.Firewall.Planning;

public sealed class AgentRulesTests
{
    [Fact]
    public void PortOfTheWorkloadGroupStaysOpenAfterTheCaptureAndPortOfTheAgentDoesNot() => Assert.Equal(
        [
            "-p tcp -m tcp --dport 8080 -m comment --comment \"smm-agent: http\" -j ACCEPT",
            "-p tcp -m tcp --dport 15006 -m conntrack --ctorigdstport 8080 -m comment --comment \"smm-agent: http captured\" -j ACCEPT",
            "-p tcp -m tcp --dport 16400 -m comment --comment \"smm-agent: agent\" -j ACCEPT",
        ],
        AgentRules.Build(FirewallSamples.Desired(), IpFamily.IPv6).Select(rule => rule.ToString()));

    [Fact]
    public void EachFamilyHasOnlyRulesForItsOwnSources()
    {
        var desired = FirewallSamples.Desired("10.0.0.0/8", "192.168.7.9/24");

        Assert.Equal(6, AgentRules.Build(desired, IpFamily.IPv4).Count);
        Assert.StartsWith("-s 192.168.7.0/24 ", AgentRules.Build(desired, IpFamily.IPv4)[^1].ToString(), StringComparison.Ordinal);
        Assert.Empty(AgentRules.Build(desired, IpFamily.IPv6));
    }

    [Fact]
    public void CapturePortIsNeverOpenedToAll() => Assert.All(
        AgentRules.Build(new([new(15006, "odd", Captured: true)], [], Complete: true), IpFamily.IPv4),
        rule => Assert.Equal(15006, PortMatch.From(rule)!.Value.CapturedFrom));

    [Fact]
    public void NameCannotEndItsComment()
    {
        var rule = AgentRules.Build(new([new(80, "a\"\n-j X", Captured: false)], [], Complete: true), IpFamily.IPv4).Single().ToString();

        Assert.Contains("\"smm-agent: a__-j_X\"", rule, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, 8080, null)]
    [InlineData("10.0.0.0/8", 8080, null)]
    [InlineData("192.0.2.1/32", 15006, 8080)]
    [InlineData("2001:db8::/32", 15006, 8080)]
    [InlineData("0.0.0.0/0", 80, null)]
    public void RuleEqualsItsOwnText(string? source, int port, int? capturedFrom)
    {
        var match = new PortMatch(source is null ? null : IPNetwork.Parse(source), port, capturedFrom);

        var rule = AgentChain.Accept(match, "smm-agent: http");

        var read = FilterRule.Parse(rule.Text);
        Assert.Equal(read.Options, rule.Options);
        Assert.Equal((read.Canonical, read.Target, read.Goto), (rule.Canonical, rule.Target, rule.Goto));
        Assert.Equal(source is "0.0.0.0/0" ? match with { Source = null } : match, PortMatch.From(read));
    }

    [Fact]
    public void JumpEqualsItsOwnText()
    {
        var read = FilterRule.Parse(AgentChain.Jump.Text);

        Assert.Equal(read.Options, AgentChain.Jump.Options);
        Assert.Equal(read.Canonical, AgentChain.Jump.Canonical);
    }

    [Fact]
    public void ManagementPortsAreDesiredWithoutAMeshConfiguration()
    {
        var desired = DesiredFirewall.From(new AgentSettings(), null);

        Assert.False(desired.Complete);
        Assert.Equal([16400, 16401], desired.Ports.Select(port => port.Port));
        Assert.All(desired.Ports, port => Assert.False(port.Captured));
    }
}
