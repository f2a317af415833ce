using SmmAgent.Core.Time;

namespace SmmAgent.Core.Tests.Time;

public sealed class ConfirmWindowTests
{
    [Theory]
    [InlineData("10s", 10)]
    [InlineData("120s", 120)]
    [InlineData("2m", 120)]
    [InlineData("120", 120)]
    [InlineData("2min", 120)]
    [InlineData("1m30s", 90)]
    [InlineData("1h", 3600)]
    public void DurationIsReadAsOperatorsWriteIt(string text, int seconds) =>
        Assert.Equal((TimeSpan.FromSeconds(seconds), null), ConfirmWindow.Parse(text));

    [Theory]
    [InlineData("9s")]
    [InlineData("61m")]
    [InlineData("4294967295h")]
    public void DurationOutsideTheBoundsIsRefused(string text) =>
    Assert.Equal((null, $"'{text}' is not between 10s and 1h, for example 120s or 2m"), ConfirmWindow.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("s")]
    [InlineData("99999999999")]
    [InlineData("-20s")]
    [InlineData("2 m")]
    [InlineData("1.5m")]
    public void InvalidTextIsRefusedWithAnExample(string text) =>
        Assert.Equal((null, $"'{text}' is not a duration, for example 120s or 2m"), ConfirmWindow.Parse(text));
}
