using System.Net;
using SmmAgent.Core.Firewall.Planning;
using SmmAgent.Core.Firewall.Rules;
using SmmAgent.Core.Firewall.State;
using SmmAgent.Core.Planning;
using static SmmAgent.Core.Tests.Firewall.FirewallSamples;

namespace SmmAgent.Core.Tests.Firewall;

public sealed class UndoTests
{
    private static readonly FilterTable Foreign = Table("-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n", "DROP");

    [Fact]
    public void AHostThatWasNotAttachedIsWithoutTheAgentAgain()
    {
        var before = Observed(Foreign, Foreign);
        var attached = before.After(FirewallPlanner.Plan(Desired("10.0.0.0/8"), before));

        var after = attached.After(FirewallPlanner.Restore(UndoOf(before), attached));

        Assert.Equal(Print(before), Print(after));
    }

    [Fact]
    public void AHostThatWasAttachedHasItsEarlierRules()
    {
        var before = Observed(Foreign, Foreign).After(FirewallPlanner.Plan(Desired("10.0.0.0/8"), Observed(Foreign, Foreign)));
        var attached = before.After(FirewallPlanner.Plan(Desired(), before));
        Assert.NotEqual(Print(before), Print(attached));

        var after = attached.After(FirewallPlanner.Restore(UndoOf(before), attached));

        Assert.Equal(Print(before), Print(after));
        Assert.True(FirewallPlanner.Restore(UndoOf(before), after).IsEmpty);
    }

    [Fact]
    public void FirewalldGetsBackWhatWasOpenAndLosesWhatWasNot()
    {
        (int, IPNetwork?) http = (8080, IPNetwork.Parse("10.0.0.0/8"));
        var undo = UndoOf(Zones(("public", [http]), ("dmz", [])));

        var plan = FirewallPlanner.Restore(undo, Zones(("public", [(16400, null)]), ("dmz", [(16400, null)]), ("new", [(16400, null)])));

        Assert.Equal(["firewalld: open 8080 in zone public", "firewalld: close 16400 any in zone dmz"], plan.Steps.Select(step => $"{step}"));
        var open = Assert.IsType<OpenInFirewalld>(plan.Steps[0]);
        Assert.Equal([8080], open.Ports);
        Assert.Equal(["10.0.0.0/8"], open.Sources);
    }

    [Fact]
    public void WhatIsWrittenIsReadAgain()
    {
        var attached = Observed(Foreign, Foreign).After(FirewallPlanner.Plan(Desired("10.0.0.0/8"), Observed(Foreign, Foreign)));
        var undo = UndoOf(attached with { Firewalld = Zones(("public", [(8080, null), (16400, IPNetwork.Parse("2001:db8::/32"))])).Firewalld });

        var text = undo.Write();

        Assert.Contains("\nopen 16400 2001:db8::/32\n", text, StringComparison.Ordinal);
        Assert.Equal(text, FirewallSnapshot.Read(text)!.Write());
    }

    [Theory]
    [InlineData("")]
    [InlineData("smm-agent undo 2\n")]
    [InlineData("smm-agent undo 1")]
    [InlineData("smm-agent undo 1\nrule -j ACCEPT\n")]
    [InlineData("smm-agent undo 1\nzone public\nrule -j ACCEPT\n")]
    [InlineData("smm-agent undo 1\nzone public\nopen all any\n")]
    [InlineData("smm-agent undo 1\nzone public\nopen 80 some\n")]
    [InlineData("smm-agent undo 1\nrunning smm-agent.serv")]
    public void WhatTheAgentDidNotWriteIsNotTaken(string text) => Assert.Null(FirewallSnapshot.Read(text));

    [Fact]
    public void WhatCannotBeSeenCannotBeUndone()
    {
        var hidden = Observed(Foreign) with { Firewalld = new FirewalldObservation.NotSeen("no answer") };

        Assert.Equal("firewalld cannot be seen: no answer", FirewallSnapshot.Create(hidden, []).Why);
        Assert.Equal(
            "iptables cannot be seen: no permission",
            FirewallSnapshot.Create(hidden with { Filters = [new(new(IpFamily.IPv4), Observation<FilterState>.Unknown("no permission"))] }, []).Why);
    }

    private static FirewallSnapshot UndoOf(ObservedFirewall observed) => FirewallSnapshot.Create(observed, ["smm-agent.service"]).Undo!;

    private static ObservedFirewall Zones(params (string Name, (int, IPNetwork?)[] Ours)[] zones) => Observed(Foreign) with
    {
        Firewalld = new FirewalldObservation.Seen(new(
        [
            .. zones.Select(zone => new FirewalldZone(zone.Name, true, new HashSet<int>(), new HashSet<int>()) { OwnRules = zone.Ours.ToHashSet() }),
        ])),
    };

    private static string Print(ObservedFirewall host) =>
        SimulatedRestore.Print(host.TableOf(IpFamily.IPv4)) + SimulatedRestore.Print(host.TableOf(IpFamily.IPv6));
}
