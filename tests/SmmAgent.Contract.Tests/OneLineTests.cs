using System.Text;

namespace SmmAgent.Contract.Tests;

public sealed class OneLineTests
{
    // Escape sequences, line breaks of any kind, bidirectional controls, what no font draws, spaces that are none, private and unassigned
    // characters.
    public static TheoryData<int> Hidden =>
    [
        0x00, 0x07, 0x08, 0x09, 0x0A, 0x0D, 0x1B, 0x7F, 0x85, 0x9B, 0xA0, 0xAD, 0x034F, 0x061C, 0x115F, 0x1160, 0x17B4, 0x180B, 0x180E,
        0x2000, 0x2009, 0x200B, 0x200D, 0x200E, 0x200F,
        0x2028, 0x2029, 0x202A, 0x202E, 0x2060, 0x2066, 0x2069, 0x2800, 0x3000, 0x3164, 0xE000, 0xFE0F, 0xFEFF, 0xFFA0, 0xFFF9, 0xFFFF,
        0x1BCA0, 0x1D173, 0xE0001, 0xE0041, 0xE0100, 0xF0000, 0x10FFFF,
    ];

    [Theory]
    [MemberData(nameof(Hidden))]
    public void InvisibleCharacterIsReplaced(int character)
    {
        var text = $"a{new Rune(character)}b";
        Assert.Equal("a b", OneLine.From(text));
        Assert.Equal("a b", OneLine.ReplaceUnprintable(text));
        Assert.Equal("a?b", OneLine.ReplaceUnprintable(text, '?'));
        Assert.Equal("a?b", NameRules.Shown(text));
        Assert.Equal(character == '\n' ? "a\nb" : "a b", OneLine.ReplaceUnprintableInLines(text));
    }

    [Theory]
    [InlineData("plain  text with spaces ")]
    [InlineData("Gr\u00fc\u00dfe, \u65e5\u672c\u8a9e, \u0440\u0443\u0441\u0441\u043a\u0438\u0439, \U0001F600, e\u0301, "
        + "\u05e9\u05dc\u05d5\u05dd")]
    public void VisibleTextIsUnchanged(string text)
    {
        Assert.Equal(text, OneLine.ReplaceUnprintable(text));
        Assert.Equal(text.Trim(), OneLine.From(text));
    }

    [Fact]
    public void HalfASurrogatePairBecomesTheReplacementCharacter() => Assert.Equal("a\ufffdb", OneLine.ReplaceUnprintable("a\ud83db"));

    [Theory]
    [InlineData("1234567890", "1234567890")]
    [InlineData("12345678901", "1234567...")]
    [InlineData("123456\U0001F60089", "123456\U0001F60089")]
    [InlineData("123456\U0001F6008901", "123456...")]
    public void LongTextEndsInDotsAndNeverInHalfACharacter(string text, string shown) =>
        Assert.Equal(shown, OneLine.ReplaceUnprintable(text, ' ', 10));
}
