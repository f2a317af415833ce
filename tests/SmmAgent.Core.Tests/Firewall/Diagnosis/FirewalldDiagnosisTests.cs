using SmmAgent.Core.Conditions;
using SmmAgent.Core.Firewall.Diagnosis;
using SmmAgent.Core.Firewall.Nft;
using SmmAgent.Core.Firewall.Planning;
using SmmAgent.Core.Firewall.State;
using SmmAgent.Core.Planning;
using static SmmAgent.Core.Tests.Firewall.Diagnosis.DiagnosisSamples;
using static SmmAgent.Core.Tests.Firewall.FirewallSamples;

namespace SmmAgent.Core.Tests.Firewall.Diagnosis;

public sealed class FirewalldDiagnosisTests
{
    [Fact]
    public void ClosedZoneOfFirewalldNeedsThePrivilegedReconcile()
    {
        var state = Of(Desired(), Attached(Desired()) with { Firewalld = new FirewalldObservation.Seen(new([Zone([8080])])) });

        Assert.Equal((ConditionStatus.False, "FirewalldNotOurs"), (state.PortsOpen.Status, state.PortsOpen.Reason));
        Assert.Equal([true, false], state.Ports.Select(port => port.Open!.Value));
        Assert.Contains("zone public does not let 16400 in", state.PortsOpen.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void RefusalByFirewalldIsAFailedRepair()
    {
        var observed = Attached(Desired()) with { Firewalld = new FirewalldObservation.Seen(new([Zone([])])) };
        var plan = FirewallPlanner.Plan(Desired(), observed);

        var finding = PortsDiagnosis.Evaluate(
            Desired(), new([new(plan.Steps[0], StepOutcome.Failed, "INVALID_ZONE")], observed, plan), manages: true).PortsOpen;

        Assert.Equal((ConditionStatus.False, "RepairFailed", "INVALID_ZONE"), (finding.Status, finding.Reason, finding.Message));
    }

    [Fact]
    public void PortThatClosesAtTheNextReloadOfFirewalldIsDegraded()
    {
        var finding = Of(Desired(),
            Attached(Desired()) with { Firewalld = new FirewalldObservation.Seen(new([Zone([8080, 16400])])) }).PortsOpen;

        Assert.Equal((ConditionStatus.True, ConditionUpdate.Degraded), (finding.Status, finding.Reason));
    }

    [Fact]
    public void JumpOverridesFirewalldWithoutATableOfItsOwn()
    {
        var observed = Attached(Desired()) with { Nft = Observation<NftRuleset>.Known(NftRuleset.Empty) };

        Assert.Equal("OpenToAny",
            Of(Desired(), observed with { Firewalld = new FirewalldObservation.Seen(new([Zone([])])) }).PortsOpen.Reason);
        Assert.Equal("OpenToAny",
            Of(Desired(), observed with { Firewalld = new FirewalldObservation.NotSeen("polkit says no") }).PortsOpen.Reason);
    }

    [Fact]
    public void UnreadableFirewalldIsEvaluatedByItsTable()
    {
        var nft = NftRuleset.Parse(
            DropTable.Replace("site", "firewalld", StringComparison.Ordinal).Replace("RULES", "", StringComparison.Ordinal))!;
        var observed = Attached(Desired())
            with
        { Firewalld = new FirewalldObservation.NotSeen("polkit says no"), Nft = Observation<NftRuleset>.Known(nft) };

        var finding = Of(Desired(), observed).PortsOpen;

        Assert.Equal((ConditionStatus.False, "FirewalldNotOurs"), (finding.Status, finding.Reason));
        Assert.Contains("smm-agent reconcile", finding.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void UnreadableFirewalldWithoutNftIsUnknown()
    {
        var state = Of(Desired(), Attached(Desired()) with { Firewalld = new FirewalldObservation.NotSeen("polkit says no") });

        Assert.Equal((ConditionStatus.Unknown, "FirewalldNotOurs"), (state.PortsOpen.Status, state.PortsOpen.Reason));
    }

    [Fact]
    public void TableOfAStoppedFirewalldIsReportedWithTheFix()
    {
        var nft = NftRuleset.Parse(
            DropTable.Replace("site", "firewalld", StringComparison.Ordinal).Replace("RULES", "", StringComparison.Ordinal))!;
        var observed = Attached(Desired()) with { Nft = Observation<NftRuleset>.Known(nft) };

        Assert.Contains("nft delete table inet firewalld", Of(Desired(), observed).PortsOpen.Message, StringComparison.Ordinal);
        var running = observed with { Firewalld = new FirewalldObservation.Seen(new([])) };
        Assert.Equal("OpenToAny", Of(Desired(), running).PortsOpen.Reason);
    }

    [Fact]
    public void UnclearTableOfFirewalldNeedsThePrivilegedReconcile()
    {
        const string rule =
            """{"rule":{"family":"inet","table":"firewalld","chain":"in","handle":3,"expr":[{"match":{"op":"==","left":{"meta":{"key":"iifname"}},"right":"eth0"}},{"accept":null}]}},""";
        var nft = NftRuleset.Parse(
            DropTable.Replace("site", "firewalld", StringComparison.Ordinal).Replace("RULES", rule, StringComparison.Ordinal))!;
        var observed = Attached(Desired())
            with
        { Firewalld = new FirewalldObservation.NotSeen("polkit says no"), Nft = Observation<NftRuleset>.Known(nft) };

        var finding = Of(Desired(), observed).PortsOpen;

        Assert.Equal((ConditionStatus.Unknown, "FirewalldNotOurs"), (finding.Status, finding.Reason));
        Assert.Equal("Unclear", Of(Desired(), observed, manages: false).PortsOpen.Reason);
    }

    [Theory]
    [InlineData("prerouting", "-311", "sudo firewall-cmd --panic-off")]
    [InlineData("input", "9", "nft add rule inet firewalld_policy_drop in")]
    public void PanicModeIsReportedWithTheFix(string hook, string priority, string fix)
    {
        var json = DropTable.Replace("site", "firewalld_policy_drop", StringComparison.Ordinal)
            .Replace("RULES", "", StringComparison.Ordinal)
            .Replace("\"hook\":\"input\",\"prio\":10", $"\"hook\":\"{hook}\",\"prio\":{priority}", StringComparison.Ordinal);
        var observed = Attached(Desired()) with { Nft = Observation<NftRuleset>.Known(NftRuleset.Parse(json)!), Captured = true };

        var finding = Of(Desired(), observed).PortsOpen;

        Assert.Equal((ConditionStatus.False, "BlockedByAnotherTable"), (finding.Status, finding.Reason));
        Assert.Contains(fix, finding.Message, StringComparison.Ordinal);
    }
}
