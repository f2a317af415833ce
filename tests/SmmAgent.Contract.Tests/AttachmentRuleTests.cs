namespace SmmAgent.Contract.Tests;

public sealed class AttachmentRuleTests
{
    [Theory]
    [MemberData(nameof(AttachmentCases.All), MemberType = typeof(AttachmentCases))]
    public void ConditionsDecideTheVerdict(string conditions, string state, string decisive)
    {
        var evaluation = AttachmentRule.Evaluate(Conditions(conditions));

        Assert.Equal((state, decisive), (evaluation.State.Name(), evaluation.Decisive?.Type ?? ""));
    }

    [Theory]
    [MemberData(nameof(AttachmentCases.All), MemberType = typeof(AttachmentCases))]
    public void OrderOfTheConditionsDoesNotMatter(string conditions, string state, string decisive)
    {
        var evaluation = AttachmentRule.Evaluate([.. Enumerable.Reverse(Conditions(conditions))]);

        Assert.Equal(state, evaluation.State.Name());
        // A start waits for all pending conditions, and one of them is named.
        if (evaluation.State != AttachmentState.Starting)
            Assert.Equal(decisive, evaluation.Decisive?.Type ?? "");
    }

    [Fact]
    public void EveryStateHasACase() => Assert.Equal(
        Enum.GetValues<AttachmentState>().Select(state => state.Name()).Order(),
        AttachmentCases.All.Select(one => one.State).Distinct().Order());

    private static List<Condition> Conditions(string text) =>
    [
        .. AttachmentCases.Parse(text).Select(condition => new Condition
        {
            Type = condition.Type, Status = condition.Status, Reason = condition.Reason, Message = "",
            LastTransitionTime = DateTimeOffset.UnixEpoch,
        }),
    ];
}
