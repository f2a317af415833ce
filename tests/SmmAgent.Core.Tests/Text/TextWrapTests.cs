using SmmAgent.Core.Text;

namespace SmmAgent.Core.Tests.Text;

public sealed class TextWrapTests
{
    [Theory]
    [InlineData("abc", 3)]
    [InlineData("äöü✓", 4)]
    [InlineData("日本", 4)]
    [InlineData("e\u0301", 1)]
    [InlineData("🚀", 2)]
    public void WidthCountsColumns(string text, int columns) => Assert.Equal(columns, DisplayWidth.Of(text));

    [Theory]
    [InlineData("abcdef", 6, "abcdef")]
    [InlineData("abcdefg", 6, "abc...")]
    [InlineData("日本日本", 7, "日本...")]
    [InlineData("日本日本", 6, "日...")]
    [InlineData("abcd", 2, "ab")]
    [InlineData("abcd", 0, "")]
    public void LongTextIsCutToItsColumns(string text, int columns, string cut) => Assert.Equal(cut, DisplayWidth.Limit(text, columns));

    [Fact]
    public void LinesAreIndentedBelowTheFirst() => Assert.Equal(
        ["  fix: aaaa bbbb cccc dddd", "       eeee", "       /a/very/long/path/that/is/not/broken", "       f"],
        TextWrap.Lines("  fix: ", "aaaa bbbb cccc dddd eeee /a/very/long/path/that/is/not/broken f", 27));

    [Fact]
    public void CommandAtTheEndIsNotBrokenIfItFits()
    {
        Assert.Equal(
            ["✗ it is refused; use", "  instead:", "  sudo smm-agent set x"],
            TextWrap.Lines("✗ ", "  ", "it is refused; use instead: sudo smm-agent set x", 24));
        Assert.Equal(
            ["✗ use instead: sudo smm-agent", "  set bearer-token --stdin"],
            TextWrap.Lines("✗ ", "  ", "use instead: sudo smm-agent set bearer-token --stdin", 30));
    }

    [Fact]
    public void WithoutAWidthNothingIsWrapped() =>
        Assert.Equal(["x " + new string('a', 300) + " b"], TextWrap.Lines("x ", new string('a', 300) + " b", null));

    [Fact]
    public void AsciiHasAReplacementForEveryMark() =>
        Assert.Equal("+ x ! > - -> ... ?", AsciiText.From("✓ ✗ ! ❯ – → … é"));

    [Theory]
    [InlineData(null, null, null, true)]
    [InlineData(null, null, "C", false)]
    [InlineData(null, null, "C.UTF-8", true)]
    [InlineData("C", "de_DE.UTF-8", "de_DE.UTF-8", false)]
    [InlineData("", "", "en_US.utf8", true)]
    [InlineData(null, null, "de_DE@euro", false)]
    public void LocaleDecidesAboutUtf8(string? all, string? type, string? lang, bool isUtf8) => Assert.Equal(
        isUtf8, AsciiText.IsUtf8(name => name switch { "LC_ALL" => all, "LC_CTYPE" => type, "LANG" => lang, _ => null }));
}
