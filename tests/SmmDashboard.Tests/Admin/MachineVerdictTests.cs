using SmmDashboard.Admin.Machines;
using SmmDashboard.Agents;
using SmmDashboard.Groups;

namespace SmmDashboard.Tests.Admin;

public sealed class MachineVerdictTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 29, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("", MachineState.Unknown, "NoConditions")]
    [InlineData("ConfigCurrent True Current,GatewaysReachable True Reachable", MachineState.Attached, "Attached")]
    [InlineData("ConfigCurrent True Current,GatewaysReachable True Degraded", MachineState.Degraded, "Degraded")]
    [InlineData("ConfigCurrent True Current,TokenCurrent False TokenExpiring", MachineState.Degraded, "TokenExpiring")]
    [InlineData("GatewaysReachable True Degraded,PortsOpen True Open,TokenCurrent False TokenExpired", MachineState.Degraded,
        "TokenExpired")]
    [InlineData("ConfigCurrent True Current,PortsOpen False NotOpen", MachineState.NotAttached, "NotOpen")]
    [InlineData("ConfigCurrent True Current,PortsOpen Unknown Pending", MachineState.NotAttached, "Pending")]
    [InlineData("PortsOpen Unknown Pending,SidecarRunning False Stopped", MachineState.NotAttached, "Stopped")]
    [InlineData("ConfigCurrent True Current,SidecarRunning Unknown Disabled,Registered False NotConnected", MachineState.Attached,
        "Attached")]
    [InlineData("ConfigCurrent True Current,SidecarRunning True Running,Registered False NotConnected", MachineState.NotAttached,
        "NotConnected")]
    public void ConditionsDetermineTheState(string conditions, MachineState state, string reason)
    {
        var verdict = MachineVerdict.Evaluate(Machine(conditions, Now), Now);
        Assert.Equal((state, reason), (verdict.State, verdict.Reason));
    }

    [Theory]
    [InlineData(14 * 60 + 59, MachineState.Attached)]
    [InlineData(15 * 60, MachineState.Silent)]
    public void SilenceOf15MinutesIsSilent(int seconds, MachineState state) =>
        Assert.Equal(state, MachineVerdict.Evaluate(Machine("ConfigCurrent True Current", Now.AddSeconds(-seconds)), Now).State);

    private static ObservedMachine Machine(string conditions, DateTimeOffset seen) => new()
    {
        Group = new GroupId("vm-integration", "analytics-v0"),
        Id = "0327b100-1111-4222-8333-444455556666",
        LastSeen = seen,
        Conditions =
        [
            .. conditions.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(condition => condition.Split(' '))
                .Select(parts => ConditionState.From(parts[0], parts[1], parts[2])),
        ],
    };
}
