using SmmAgent.Core.Time;

namespace SmmAgent.Core.Tests.Time;

public sealed class DurationTextTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("120", 120)]
    [InlineData("120s", 120)]
    [InlineData("120sec", 120)]
    [InlineData("2m", 120)]
    [InlineData("2min", 120)]
    [InlineData("1h", 3600)]
    [InlineData("1m30s", 90)]
    [InlineData("1h2min3s", 3723)]
    public void DurationHasUnitsOrIsANumberOfSeconds(string text, int seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), DurationText.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("s")]
    [InlineData("-20s")]
    [InlineData("2 m")]
    [InlineData("1.5m")]
    [InlineData("1m30")]
    [InlineData("30s1m")]
    [InlineData("1m1m")]
    [InlineData("1m1min")]
    [InlineData("2M")]
    [InlineData("2ms")]
    [InlineData("1d")]
    [InlineData("1s\0")]
    [InlineData("99999999999s")]
    public void OtherTextIsNotADuration(string text) => Assert.Null(DurationText.Parse(text));
}
