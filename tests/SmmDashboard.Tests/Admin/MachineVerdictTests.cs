using System.Text.Json;
using SmmDashboard.Admin.Machines;
using SmmDashboard.Agents;
using SmmDashboard.Groups;

namespace SmmDashboard.Tests.Admin;

public sealed class MachineVerdictTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 29, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [MemberData(nameof(AttachmentCases.All), MemberType = typeof(AttachmentCases))]
    public void StateIsThatOfTheAgent(string conditions, string state, string decisive)
    {
        var verdict = MachineVerdict.Evaluate(Machine(conditions, Now), Now);

        // An agent without a configuration does not report.
        Assert.Equal(
            state == "not-configured" ? "not-attached" : state, JsonNamingPolicy.KebabCaseLower.ConvertName($"{verdict.State}"));
        Assert.Equal(decisive, verdict.Condition);
    }

    [Fact]
    public void TwoHostsUnderOneIdentityAreDegraded()
    {
        var instances = new AgentInstances(
            [new("a", "vm-1", null, Now.AddMinutes(-9), Now.AddMinutes(-1)), new("b", "vm-2", null, Now.AddMinutes(-5), Now)]);
        var verdict = MachineVerdict.Evaluate(Machine("ConfigCurrent=True:Current", Now) with { Instances = instances }, Now);

        Assert.Equal(new MachineVerdict(MachineState.Degraded, "Registered", "DuplicateIdentity"), verdict);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(60)]
    public void DetachedMachineIsNotSilent(int minutes)
    {
        var machine = Machine("Registered=False:Detached", Now.AddMinutes(-minutes)) with { IsDetached = true };

        Assert.Equal(new MachineVerdict(MachineState.Detached, "", "Detached"), MachineVerdict.Evaluate(machine, Now));
    }

    [Fact]
    public void DetachIsOneTransitionAndTheNextAttachAsWell()
    {
        var attached = Machine("AddressKnown=True:Known PortsOpen=True:Open Registered=True:Registered", Now);
        var detached = Machine("Registered=False:Detached", Now.AddMinutes(1)) with { IsDetached = true };

        var entry = new MachineEntry(attached, MachineVerdict.Evaluate(attached, Now), 1)
            .Next(detached, MachineVerdict.Evaluate(detached, Now), 2)
            .Next(attached with { LastSeen = Now.AddMinutes(2) }, MachineVerdict.Evaluate(attached, Now), 3);

        Assert.Equal(
            [("Registered", "Detached"), ("Registered", "Registered")],
            entry.History.Select(change => (change.After!.Type, change.After.Reason)));
    }

    [Theory]
    [InlineData(14 * 60 + 59, MachineState.Attached)]
    [InlineData(15 * 60, MachineState.Silent)]
    public void SilenceOf15MinutesIsSilent(int seconds, MachineState state) =>
        Assert.Equal(state, MachineVerdict.Evaluate(Machine("ConfigCurrent=True:Current", Now.AddSeconds(-seconds)), Now).State);

    private static ObservedMachine Machine(string conditions, DateTimeOffset seen) => new()
    {
        Group = new GroupId("vm-integration", "analytics-v0"),
        Id = "0327b100-1111-4222-8333-444455556666",
        LastSeen = seen,
        Conditions = [.. AttachmentCases.Parse(conditions).Select(one => ConditionState.From(one.Type, one.Status, one.Reason))],
    };
}
