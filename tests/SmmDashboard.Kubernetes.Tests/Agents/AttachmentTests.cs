using SmmAgent.Contract;
using SmmDashboard.Agents;

namespace SmmDashboard.Kubernetes.Tests.Agents;

/// <summary>The condition Attached of an AttachedMachine.</summary>
public sealed class AttachmentTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 29, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [MemberData(nameof(AttachmentCases.All), MemberType = typeof(AttachmentCases))]
    public void StatusIsThatOfTheVerdict(string conditions, string state, string decisive)
    {
        var attached = Attachment.Evaluate(Conditions(conditions));

        Assert.Equal(
            state switch { "attached" or "degraded" => "True", "starting" => "Unknown", "unknown" => null, _ => "False" },
            attached?.Status);
        var reason = AttachmentCases.Parse(conditions).FirstOrDefault(condition => condition.Type == decisive).Reason;
        Assert.Equal(state switch { "attached" => "Attached", "degraded" => "Degraded", _ => reason }, attached?.Reason);
        if (decisive.Length > 0)
            Assert.StartsWith($"{decisive} is ", attached?.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void FaultThatDegradesDoesNotChangeTheTime()
    {
        var conditions = Conditions("AddressKnown=True:Known Registered=True:Registered PortsOpen=False:NotOpen");
        conditions[1] = conditions[1] with { LastTransitionTime = Now.AddHours(-1) };
        conditions[2] = conditions[2] with { LastTransitionTime = Now };

        Assert.Equal(Now.AddHours(-1), Attachment.Evaluate(conditions)?.LastTransitionTime);
    }

    [Fact]
    public void DetachedMachineIsNotAttachedRegardlessOfItsConditions()
    {
        var report = Fleet.Report() with { Detached = true };
        var attached = Attachment.Evaluate(report, Now);

        Assert.Equal(("False", "Detached", Now), (attached?.Status, attached?.Reason, attached?.LastTransitionTime));
    }

    private static List<Condition> Conditions(string text) =>
    [
        .. AttachmentCases.Parse(text).Select(condition => new Condition
        {
            Type = condition.Type, Status = condition.Status, Reason = condition.Reason, Message = "",
            LastTransitionTime = DateTimeOffset.UnixEpoch,
        }),
    ];
}
