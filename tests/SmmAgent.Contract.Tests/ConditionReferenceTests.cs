namespace SmmAgent.Contract.Tests;

public sealed class ConditionReferenceTests
{
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
        var row = Assert.Single(section.Reasons);
        Assert.Equal(new ReasonEntry("PortsOpen", "False, Unknown", "Odd", "a b", "run `c | d`"), row);
        Assert.Equal("run c | d", row.Action);
    }

    [Fact]
    public void ActionThatIsTheSameAsInTheRowAboveIsRepeated()
    {
        var reference = ConditionReference.BuiltIn;

        Assert.Equal(reference.Find("TokenCurrent", "TokenExpiring")?.MarkedAction,
            reference.Find("TokenCurrent", "TokenExpired")?.MarkedAction);
        Assert.DoesNotContain("the same", reference.Reasons.Select(row => row.Action));
    }

    [Fact]
    public void FixOfEveryDocumentedReasonIsKnown()
    {
        var reference = ConditionReference.BuiltIn;

        Assert.True(reference.Reasons.Count() > 100, $"{reference.Reasons.Count()}");
        Assert.Equal("change the table that the message names", reference.Find("PortsOpen", "BlockedByAnotherTable")?.Action);
        Assert.Contains("`sudo smm-agent set bearer-token", reference.Find("ConfigCurrent", "TokenMissing")?.MarkedAction,
            StringComparison.Ordinal);
        Assert.Null(reference.Find("PortsOpen", "Nothing"));
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
