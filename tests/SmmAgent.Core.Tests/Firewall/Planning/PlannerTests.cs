using System.Net;
using CsCheck;
using SmmAgent.Contract;
using SmmAgent.Core.Firewall.Planning;
using SmmAgent.Core.Firewall.Rules;
using SmmAgent.Core.Firewall.State;
using SmmAgent.Core.Planning;
using static SmmAgent.Core.Tests.Firewall.FirewallSamples;

namespace SmmAgent.Core.Tests.Firewall.Planning;

public sealed class PlannerTests
{
    private static readonly Gen<OpenPort> GenPort =
        Gen.Select(Gen.Int[1, 65535], Gen.String[Gen.Char["abc-\" "], 1, 8], Gen.Bool,
            (port, name, captured) => new OpenPort(port, name, captured));

    private static readonly Gen<DesiredFirewall> GenDesired = Gen.Select(
        GenPort.Array[0, 6],
        Gen.OneOf("10.0.0.0/8", "10.1.2.3", "0.0.0.0/0", "2001:db8::/32", "::/0", "192.168.1.77/24").Array[0, 4],
        (ports, sources) => new DesiredFirewall(
            [.. ports.DistinctBy(port => port.Port)], [.. sources.Select(source => Cidr.Parse(source)!.Value).Distinct()], Complete: true));

    private static readonly Gen<FilterTable> GenTable =
        from declared in Gen.Bool
        from policy in Gen.OneOf("ACCEPT", "DROP")
        from input in Gen.OneOf(
            "-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n", "-A INPUT -j LOG --log-prefix \"-A INPUT \"\n",
            $"-A INPUT {AgentChain.Jump}\n",
            "-A INPUT -j SMM-AGENT\n", "-A INPUT -s 10.0.0.0/8 -g SMM-AGENT\n").Array[0, 6]
        from own in Gen.OneOf(
            "-A SMM-AGENT -j DROP\n",
            "-A SMM-AGENT -p tcp -m tcp --dport 16400 -m comment --comment \"smm-agent: agent\" -j ACCEPT\n").Array[0, 3]
        select Table(
            (declared ? ":SMM-AGENT - [0:0]\n" : "")
                + string.Concat(input.Where(line => declared || !line.Contains("SMM-AGENT", StringComparison.Ordinal)))
                + (declared ? string.Concat(own) : ""),
            policy);

    [Fact]
    public void ExecutedPlanLeavesNothingToPlan() => Gen.Select(GenDesired, GenTable, GenTable).Sample((desired, ipv4, ipv6) =>
    {
        var host = Observed(ipv4, ipv6);
        return FirewallPlanner.Plan(desired, host.After(FirewallPlanner.Plan(desired, host))).IsEmpty;
    });

    [Fact]
    public void AnyOrderOfConfigurationsEndsInTheSameState() =>
        Gen.Select(GenDesired.Array[1, 5], Gen.Int[0, 1000], GenTable).Sample((history, seed, table) =>
    {
        var last = history[^1];
        var direct = Observed(table, table).After(FirewallPlanner.Plan(last, Observed(table, table)));
        var host = Observed(table, table);
        foreach (var desired in history[..^1].OrderBy(desired => HashCode.Combine(seed, desired.Ports.Count)).Append(last))
            host = host.After(FirewallPlanner.Plan(desired, host));
        return SimulatedRestore.Print(direct.TableOf(IpFamily.IPv4)) == SimulatedRestore.Print(host.TableOf(IpFamily.IPv4))
            && SimulatedRestore.Print(direct.TableOf(IpFamily.IPv6)) == SimulatedRestore.Print(host.TableOf(IpFamily.IPv6));
    });

    [Fact]
    public void ForeignRulesStayAndRemovalIsComplete() => Gen.Select(GenDesired, GenTable).Sample((desired, table) =>
    {
        var host = Observed(table);
        var attached = host.After(FirewallPlanner.Plan(desired, host));
        var detached = attached.After(FirewallPlanner.Remove(attached)).TableOf(IpFamily.IPv4);
        return Foreign(attached.TableOf(IpFamily.IPv4)).SequenceEqual(Foreign(table))
            && Foreign(detached).SequenceEqual(Foreign(table))
            && detached.Chain(AgentChain.Name) is null
            && !detached.ReferencesTo(AgentChain.Name).Any();
    });

    [Theory]
    [InlineData(TableOrigin.Agent, "ACCEPT", "", "remove the jump in INPUT, chain SMM-AGENT, the empty table filter, which the agent made")]
    [InlineData(TableOrigin.Agent, "DROP", "", "remove the jump in INPUT, chain SMM-AGENT")]
    [InlineData(TableOrigin.Agent, "ACCEPT", ":OTHERS - [0:0]\n", "remove the jump in INPUT, chain SMM-AGENT")]
    [InlineData(TableOrigin.Agent, "ACCEPT", "-A INPUT -s 10.0.0.0/8 -j DROP\n", "remove the jump in INPUT, chain SMM-AGENT")]
    [InlineData(TableOrigin.Others, "ACCEPT", "", "remove the jump in INPUT, chain SMM-AGENT")]
    [InlineData(TableOrigin.Module, "ACCEPT", "",
        "remove the jump in INPUT, chain SMM-AGENT (the empty table filter stays: the legacy backend keeps it until a restart)")]
    [InlineData(TableOrigin.Module, "DROP", "", "remove the jump in INPUT, chain SMM-AGENT")]
    public void TableIsRemovedOnlyWhenTheAgentMadeItAndItIsUnused(TableOrigin origin, string policy, string others, string removal)
    {
        var host = Observed(Table(others, policy));
        var attached = host.After(FirewallPlanner.Plan(Desired(), host));

        var plan = FirewallPlanner.Remove(attached with { Filters = [attached.Filters[0] with { Origin = origin }] });

        Assert.Equal($"iptables: {removal}", $"{Assert.Single(plan.Steps)}");
    }

    [Fact]
    public void EmptyOwnTableIsRemovedWithoutAChain()
    {
        var husk = Known(IpFamily.IPv4, Table());
        ObservedFirewall Host(TableOrigin origin) => new([husk with { Origin = origin }], new FirewalldObservation.NotRunning());

        Assert.Equal("iptables: remove the empty table filter, which the agent made", $"{FirewallPlanner.Remove(Host(TableOrigin.Agent))}");
        Assert.True(FirewallPlanner.Remove(Host(TableOrigin.Others)).IsEmpty);
        Assert.True(FirewallPlanner.Remove(Host(TableOrigin.Module)).IsEmpty);
    }

    [Fact]
    public void UnknownStateHasNoStep()
    {
        var unobserved = new ObservedFirewall(
            [new(new(IpFamily.IPv4), Observation<FilterState>.Unknown("no")), Absent(IpFamily.IPv6, FilterPresence.CommandMissing)],
            new FirewalldObservation.NotSeen("no"));

        Assert.True(FirewallPlanner.Plan(Desired(), unobserved).IsEmpty);
        Assert.True(FirewallPlanner.Remove(unobserved).IsEmpty);
    }

    [Fact]
    public void PortsStayOpenWhileTheMeshConfigurationIsUnknown()
    {
        var host = Observed(Table()).After(FirewallPlanner.Plan(Desired(), Observed(Table())));
        var unknown = new DesiredFirewall([Agent, new(16401, "sidecar-metrics", Captured: false)], [], Complete: false);

        var after = host.After(FirewallPlanner.Plan(unknown, host));

        var chain = after.TableOf(IpFamily.IPv4).Chain(AgentChain.Name)!;
        Assert.Equal(
            ["smm-agent: agent", "smm-agent: http", "smm-agent: http captured", "smm-agent: sidecar-metrics"],
            chain.Rules.Select(rule => rule.Comment!).Order(StringComparer.Ordinal));
        Assert.True(FirewallPlanner.Plan(unknown, after).IsEmpty);
    }

    [Theory]
    [InlineData(true, 16401)]
    [InlineData(false, 16401)]
    [InlineData(false)]
    public void FirewalldKeepsPortsWhileTheMeshConfigurationIsUnknown(bool complete, params int[] open)
    {
        var zones = new FirewalldObservation.Seen(new([new("public", true, open.ToHashSet(), open.ToHashSet())]));
        var desired = new DesiredFirewall([Agent, new(16401, "sidecar-metrics", Captured: false)], [], complete);

        var steps = FirewallPlanner.Plan(desired, new([], zones)).Steps;

        Assert.Equal(complete || open.Length == 0 ? 1 : 0, steps.Count);
    }

    [Fact]
    public void UnwantedPortInFirewalldIsClosed()
    {
        int[] open = [16400, 16401, 9000];
        var zone = new FirewalldZone("public", true, open.ToHashSet(), open.ToHashSet())
        {
            OwnRules = new HashSet<PortOpening> { new(16400, null), new(9000, null) },
        };
        var left = new FirewalldZone(
            "dmz", false, new HashSet<int>(), new HashSet<int>())
        { OwnRules = new HashSet<PortOpening> { new(16400, null) } };
        var zones = new FirewalldObservation.Seen(new([zone, left]));
        var desired = new DesiredFirewall([Agent, new(16401, "sidecar-metrics", Captured: false)], [], Complete: true);

        Assert.Equal(
            ["firewalld: close 9000 in zone public", "firewalld: close 16400 in zone dmz"],
            FirewallPlanner.Plan(desired, new([], zones)).Steps.Select(step => step.ToString()));
        Assert.True(FirewallPlanner.Plan(desired with { Complete = false }, new([], zones)).IsEmpty);
    }

    [Fact]
    public void KnownClusterSourcesCloseOpeningsToAnySource()
    {
        var zone = new FirewalldZone("public", true, new HashSet<int> { 16400 }, new HashSet<int> { 16400 })
        {
            OwnRules = new HashSet<PortOpening> { new(16400, null) },
        };
        var desired = new DesiredFirewall([Agent], [IPNetwork.Parse("10.244.0.0/16")], Complete: true);

        var step = Assert.IsType<CloseInFirewalld>(
            Assert.Single(FirewallPlanner.Plan(desired, new([], new FirewalldObservation.Seen(new([zone])))).Steps));

        Assert.Equal([IPNetwork.Parse("10.244.0.0/16")], step.Sources);
        var settled = zone with { OwnRules = new HashSet<PortOpening> { new(16400, IPNetwork.Parse("10.244.0.0/16")) } };
        Assert.True(FirewallPlanner.Plan(desired, new([], new FirewalldObservation.Seen(new([settled])))).IsEmpty);
    }

    [Fact]
    public void StepDescribesTheDriftAndItsOwnerInOneLine()
    {
        FirewalldZone open = new("public", true, new HashSet<int> { 8080 }, new HashSet<int>());
        FirewalldZone idle = new("dmz", false, new HashSet<int>(), new HashSet<int>());
        var zones = new FirewalldObservation.Seen(new([open, idle]));
        var plan = FirewallPlanner.Plan(
            Desired(), Observed(Table(":SMM-AGENT - [0:0]\n-A SMM-AGENT -j DROP\n")) with { Firewalld = zones });

        Assert.Equal(
            [
                "iptables: write chain SMM-AGENT (missing: http, http captured, agent; unwanted: -j DROP; the jump in INPUT is missing)",
                "firewalld: open 8080, 16400 in zone public",
            ],
            plan.Steps.Select(step => step.ToString()));
        Assert.Equal([StepOwner.Daemon, StepOwner.Root], plan.Steps.Select(step => step.Owner));
    }

    private static IEnumerable<string> Foreign(FilterTable table) =>
        table.Chain("INPUT")!.Rules.Where(rule => rule.Target != AgentChain.Name).Select(rule => rule.Text)
        .Append(table.Chain("INPUT")!.Policy!);
}
