using SmmAgent.Contract;
using SmmAgent.Core.Reachability;

namespace SmmAgent.Core.Tests.Reachability;

public sealed class ReachabilityPlanTests
{
    [Fact]
    public void EveryPortOfEveryGatewayAddressIsProbed()
    {
        var plan = ReachabilityPlan.From(MeshConfigs.Of("vm-network-1", "198.18.0.1", "gw.example.com"));

        Assert.Equal(NetworkModel.DifferentNetwork, plan.Model);
        Assert.Equal("istiod-cp-v115x.istio-system.svc", plan.IstiodName);
        Assert.Equal(
            from host in new[] { "198.18.0.1", "gw.example.com" } from port in MeshConfigs.AllPorts select (host, port.Port),
            plan.Targets.Select(target => (target.Host, target.Port)));
    }

    [Theory]
    [InlineData("tls-istiod", 15012, ProbeKind.Istiod, true)]
    [InlineData("tls", 15443, ProbeKind.Tls, true)]
    [InlineData("tcp-status-port", 15021, ProbeKind.Health, false)]
    [InlineData("tls-istiodwebhook", 15017, ProbeKind.Tls, false)]
    [InlineData("tcp-als-tls", 50600, ProbeKind.Tls, false)]
    [InlineData("tcp-zipkin-tls", 59411, ProbeKind.Tls, false)]
    [InlineData("tls-own", 7000, ProbeKind.Tls, false)]
    [InlineData("own-tls", 7000, ProbeKind.Tls, false)]
    [InlineData("tcp-own", 7000, ProbeKind.Tcp, false)]
    public void ProbeKindFollowsTheNameAndNumberOfThePort(string name, int port, ProbeKind kind, bool essential)
    {
        var target = ProbeTarget.From("gw", "198.18.0.1", new GatewayPort(name, port));

        Assert.Equal((kind, essential), (target.Kind, target.Essential));
    }

    [Fact]
    public void DirectEndpointsAreProbedInTheSameNetwork()
    {
        var config = MeshConfigs.Of("network1", "198.18.0.1") with { DirectEndpoints = [new("istiod", "10.244.1.5", 15012)] };

        var plan = ReachabilityPlan.From(config);

        Assert.Equal([new ProbeTarget("istiod", "10.244.1.5", 15012, ProbeKind.Istiod, true)], plan.Targets);
    }

    [Fact]
    public void DuplicateAddressIsProbedOnce() =>
        Assert.Equal(6, ReachabilityPlan.From(MeshConfigs.Of("vm-network-1", "198.18.0.1", "198.18.0.1")).Targets.Count);

    [Fact]
    public void PortsBeyondTheLimitAreCounted()
    {
        var plan = ReachabilityPlan.From(MeshConfigs.Of("vm-network-1", [.. Enumerable.Range(1, 20).Select(i => $"198.18.0.{i}")]));

        Assert.Equal((96, 24), (plan.Targets.Count, plan.LeftOut));
    }
}
