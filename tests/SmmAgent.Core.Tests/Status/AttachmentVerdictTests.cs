using SmmAgent.Contract;
using SmmAgent.Core.Conditions;
using SmmAgent.Core.Status;

namespace SmmAgent.Core.Tests.Status;

/// <summary>The verdict of <c>smm-agent status</c>. The tests of the dashboard use the same table.</summary>
public sealed class AttachmentVerdictTests
{
    [Theory]
    [MemberData(nameof(AttachmentCases.All), MemberType = typeof(AttachmentCases))]
    public void VerdictIsThatOfTheDashboard(string conditions, string state, string decisive)
    {
        var verdict = AttachmentVerdict.Evaluate(Conditions(conditions));

        Assert.Equal(state, verdict.State.Name());
        Assert.Equal(
            decisive.Length > 0,
            verdict.State == AttachmentState.Starting ? verdict.Pending.Contains(decisive) : verdict.Problems.Count > 0);
    }

    [Fact]
    public void CasesUseTheConditionsOfTheAgent() => Assert.Empty(
        AttachmentCases.All.SelectMany(one => AttachmentCases.Parse(one.Conditions)).Select(condition => condition.Type)
            .Except(ConditionType.All.Append("NewCondition")));

    [Fact]
    public void EveryConditionDegradesTheVerdictAtLeast() => Assert.All(
        ConditionType.All,
        type => Assert.NotEqual(
            AttachmentState.Attached,
            AttachmentVerdict.Evaluate(Conditions($"ConfigCurrent=True:Current {type}=False:Reason")).State));

    private static List<Condition> Conditions(string text) =>
    [
        .. AttachmentCases.Parse(text).Select(condition => new Condition
        {
            Type = condition.Type, Status = condition.Status, Reason = condition.Reason, Message = "",
            LastTransitionTime = DateTimeOffset.UnixEpoch,
        }),
    ];
}
