using System.Net;
using System.Text;
using SmmAgent.Core.Firewall.Planning;
using SmmAgent.Core.Firewall.Rules;
using SmmAgent.Core.Firewall.State;
using SmmAgent.Core.Planning;
using static SmmAgent.Core.Tests.Firewall.FirewallSamples;

namespace SmmAgent.Core.Tests.Firewall.Planning;

public sealed class FirewallSnapshotTests
{
    private static readonly FilterTable Foreign = Table("-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n", "DROP");

    [Fact]
    public void RestoreRemovesTheAgentFromAHostThatWasNotAttached()
    {
        var before = Observed(Foreign, Foreign);
        var attached = before.After(FirewallPlanner.Plan(Desired("10.0.0.0/8"), before));

        var after = attached.After(FirewallPlanner.Restore(SnapshotOf(before), attached));

        Assert.Equal(Print(before), Print(after));
    }

    [Fact]
    public void RestoreBringsBackTheRulesOfAnAttachedHost()
    {
        var before = Observed(Foreign, Foreign).After(FirewallPlanner.Plan(Desired("10.0.0.0/8"), Observed(Foreign, Foreign)));
        var attached = before.After(FirewallPlanner.Plan(Desired(), before));
        Assert.NotEqual(Print(before), Print(attached));

        var after = attached.After(FirewallPlanner.Restore(SnapshotOf(before), attached));

        Assert.Equal(Print(before), Print(after));
        Assert.True(FirewallPlanner.Restore(SnapshotOf(before), after).IsEmpty);
    }

    [Fact]
    public void RestoreOpensAndClosesPortsInFirewalld()
    {
        PortOpening http = new(8080, IPNetwork.Parse("10.0.0.0/8"));
        var snapshot = SnapshotOf(Zones(("public", [http]), ("dmz", [])));

        var plan = FirewallPlanner.Restore(
            snapshot, Zones(("public", [new(16400, null)]), ("dmz", [new(16400, null)]), ("new", [new(16400, null)])));

        Assert.Equal(["firewalld: open 8080 in zone public", "firewalld: close 16400 in zone dmz"], plan.Steps.Select(step => $"{step}"));
        var open = Assert.IsType<OpenInFirewalld>(plan.Steps[0]);
        Assert.Equal([8080], open.Ports);
        Assert.Equal([IPNetwork.Parse("10.0.0.0/8")], open.Sources);
    }

    [Fact]
    public void WrittenSnapshotIsReadAgain()
    {
        var attached = Observed(Foreign, Foreign).After(FirewallPlanner.Plan(Desired("10.0.0.0/8"), Observed(Foreign, Foreign)));
        var zones = Zones(("public", [new(8080, null), new(16400, IPNetwork.Parse("2001:db8::/32"))]));
        var snapshot = SnapshotOf(attached with { Firewalld = zones.Firewalld });

        var json = snapshot.Write();

        Assert.Contains("\"source\": \"2001:db8::/32\"", Encoding.UTF8.GetString(json), StringComparison.Ordinal);
        Assert.Equal(json, FirewallSnapshot.Read(json)!.Write());
    }

    [Fact]
    public void SnapshotOfTheFirstFormatIsRead()
    {
        const string text = """
            {"format":1,"chains":{"iptables":["-p tcp -m tcp --dport 80 -j ACCEPT"]},
             "zones":{"public":[{"port":8080,"source":"10.0.0.0/8"},{"port":16400,"source":null}],"dmz":[]},"running":["smm-agent.service"],"added":1}
            """;

        var snapshot = FirewallSnapshot.Read(Encoding.UTF8.GetBytes(text))!;

        Assert.Equal(["-p tcp -m tcp --dport 80 -j ACCEPT"], snapshot.Chains["iptables"]);
        Assert.Equal([new(8080, IPNetwork.Parse("10.0.0.0/8")), new(16400, null)], snapshot.Zones["public"]);
        Assert.Empty(snapshot.Zones["dmz"]);
        Assert.Equal(["smm-agent.service"], snapshot.Running);
    }

    [Fact]
    public void TextOfEarlierVersionsIsRead()
    {
        const string text =
            "smm-agent undo 1\nchain iptables\nrule -p tcp -m tcp --dport 80 -m comment --comment \"smm-agent: http\" -j ACCEPT\n"
            + "chain ip6tables\nzone public\nopen 16400 any\nopen 8080 10.0.0.0/8\nzone dmz\nrunning "
            + "smm-agent.service\nrunning smm-agent.path\n";

        var snapshot = FirewallSnapshot.Read(Encoding.UTF8.GetBytes(text))!;

        Assert.Equal(["-p tcp -m tcp --dport 80 -m comment --comment \"smm-agent: http\" -j ACCEPT"], snapshot.Chains["iptables"]);
        Assert.Empty(snapshot.Chains["ip6tables"]);
        Assert.Equal([new(16400, null), new(8080, IPNetwork.Parse("10.0.0.0/8"))], snapshot.Zones["public"]);
        Assert.Empty(snapshot.Zones["dmz"]);
        Assert.Equal(["smm-agent.service", "smm-agent.path"], snapshot.Running);
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
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("{\"format\":2,\"chains\":{},\"zones\":{},\"running\":[]}")]
    [InlineData("{\"format\":1,\"chains\":{},\"zones\":null,\"running\":[]}")]
    [InlineData("{\"format\":1,\"chains\":{},\"zones\":{\"public\":null},\"running\":[]}")]
    [InlineData("{\"format\":1,\"chains\":{},\"zones\":{\"public\":[null]},\"running\":[]}")]
    [InlineData("{\"format\":1,\"chains\":{\"iptables\":null},\"zones\":{},\"running\":[]}")]
    [InlineData("{\"format\":1,\"chains\":{\"iptables\":[null]},\"zones\":{},\"running\":[]}")]
    [InlineData("{\"format\":1,\"chains\":{},\"zones\":{},\"running\":[null]}")]
    [InlineData("{\"format\":1,\"chains\":{},\"zones\":{\"public\":[{\"port\":70000,\"source\":null}]},\"running\":[]}")]
    [InlineData("{\"format\":1,\"chains\":{},\"zones\":{\"public\":[{\"port\":80,\"source\":\"some\"}]},\"running\":[]}")]
    [InlineData("{\"format\":1,\"chains\":{},\"zones\":{},\"running\":[\"smm-agent")]
    public void OtherContentIsRefused(string text) => Assert.Null(FirewallSnapshot.Read(Encoding.UTF8.GetBytes(text)));

    [Fact]
    public void UnknownStateHasNoSnapshot()
    {
        var hidden = Observed(Foreign) with { Firewalld = new FirewalldObservation.NotSeen("no answer") };

        Assert.Equal("firewalld cannot be read: no answer", FirewallSnapshot.Create(hidden, []).Reason);
        Assert.Equal(
            "iptables cannot be read: no permission",
            FirewallSnapshot.Create(
                hidden with { Filters = [new(new(IpFamily.IPv4), Observation<FilterState>.Unknown("no permission"))] }, []).Reason);
    }

    private static FirewallSnapshot SnapshotOf(ObservedFirewall observed) =>
        FirewallSnapshot.Create(observed, ["smm-agent.service"]).Snapshot!;

    private static ObservedFirewall Zones(params (string Name, PortOpening[] Ours)[] zones) => Observed(Foreign) with
    {
        Firewalld = new FirewalldObservation.Seen(new(
        [
            .. zones.Select(zone => new FirewalldZone(
                zone.Name, true, new HashSet<int>(), new HashSet<int>()) { OwnRules = zone.Ours.ToHashSet() }),
        ])),
    };

    private static string Print(ObservedFirewall host) =>
        SimulatedRestore.Print(host.TableOf(IpFamily.IPv4)) + SimulatedRestore.Print(host.TableOf(IpFamily.IPv6));
}
