using SmmAgent.Core.Conditions;

namespace SmmAgent.Core.Tests.Conditions;

public sealed class ConditionReferenceTests
{
    [Fact]
    public void PageIsCompiledInWithASectionForEveryCondition() =>
        Assert.Equal(ConditionType.All, ConditionReference.BuiltIn.Conditions.Select(section => section.Title));

    [Fact]
    public void RowsAndParagraphsAreReadAsPlainText()
    {
        var reference = ConditionReference.Parse(
            """
            # Page

            ## PortsOpen

            The firewall [admits](x.md#y) the
            cluster on `16400`.

            Second.

            | status | reason | means | what to do |
            |---|---|---|---|
            | False, Unknown | `Odd` | a `b` | run `c \| d` |
            """);

        var section = Assert.Single(reference.Conditions);
        Assert.Equal(["The firewall admits the cluster on 16400.", "Second."], section.Text);
        Assert.Equal(new ReasonEntry("PortsOpen", "False, Unknown", "Odd", "a b", "run c | d"), Assert.Single(section.Reasons));
    }

    [Theory]
    [InlineData("GatewaysReachable", "Refused", "GatewaysReachable")]
    [InlineData("DashboardReachable", "Refused", "GatewaysReachable")]
    [InlineData("SidecarInstalled", "Refused", "SidecarInstalled")]
    [InlineData("Healthy", "Pending", "Reasons of several conditions")]
    public void ReasonIsFoundForItsCondition(string condition, string reason, string section) =>
        Assert.Equal(section, ConditionReference.BuiltIn.Find(condition, reason)?.Section);

    [Fact]
    public void NoTextHasMarkupOrControlCharacters() => Assert.All(
        ConditionReference.BuiltIn.Sections.SelectMany(section =>
            section.Text.Concat(section.Reasons.SelectMany(row => (string[])[row.Meaning, row.Action]))),
        text => Assert.False(text.Contains('`', StringComparison.Ordinal) || text.Contains("](", StringComparison.Ordinal)
            || text.Any(char.IsControl), text));
}
