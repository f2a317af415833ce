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

    [Theory]
    [InlineData("--verbos", "--verbose")]
    [InlineData("-verbose", "--verbose")]
    [InlineData("verbose", "--verbose")]
    [InlineData("--mesg", "--mesh")]
    [InlineData("-x", null)] // -v is one letter as well
    [InlineData("--something", null)]
    public void NearestOptionIsFoundWithoutItsDashes(string option, string? meant) =>
        Assert.Equal(meant, Spelling.NearestOption(option, ["-v", "--verbose", "--mesh"]));

    [Fact]
    public void VeryLongWordIsNotCompared() => Assert.Null(Spelling.Nearest(new string('s', 1_000_000), Known));
}
