namespace SmmAgent.Contract.Tests;

public sealed class SpellingTests
{
    private static readonly string[] Known = ["set", "run", "status", "reconcile", "support-bundle"];

    [Theory]
    [InlineData("recncile", "reconcile")]
    [InlineData("stauts", "status")]
    [InlineData("Status", "status")]
    [InlineData("supportbundle", "support-bundle")]
    [InlineData("ste", null)]
    [InlineData("rune", "run")]
    [InlineData("something", null)]
    public void NearestWordIsSuggestedUnlessItIsTooDifferent(string word, string? meant) =>
        Assert.Equal(meant, Spelling.Nearest(word, Known));

    [Fact]
    public void VeryLongWordIsNotCompared() => Assert.Null(Spelling.Nearest(new string('s', 1_000_000), Known));
}
