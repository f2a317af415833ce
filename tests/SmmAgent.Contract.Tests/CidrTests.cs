namespace SmmAgent.Contract.Tests;

public sealed class CidrTests
{
    [Theory]
    [InlineData("10.0.0.0/8")]
    [InlineData("0.0.0.0/0")]
    [InlineData("192.0.2.7/32")]
    [InlineData("2001:db8::/32")]
    [InlineData("::/128")]
    public void StrictParserAcceptsABlockWithoutBitsAfterThePrefix(string text) =>
        Assert.Equal(text, Cidr.ParseStrict(text)?.ToString());

    [Theory]
    [InlineData("")]
    [InlineData("10.0.0.1")]
    [InlineData("10.0.0.1/8")]
    [InlineData("10.0.0.0/")]
    [InlineData("10.0.0.0/33")]
    [InlineData("10.0.0.0/+8")]
    [InlineData("10.0.0.0/255.0.0.0")]
    [InlineData("10.0.0.0/4278190080")] // 255.0.0.0 as one number
    [InlineData("0.0.0.0/3221225473")] // 192.0.0.1 as one number
    [InlineData("2001:db8::/129")]
    [InlineData("fe80::%1/64")]
    public void StrictParserRefusesOtherText(string text) => Assert.Null(Cidr.ParseStrict(text));

    [Theory]
    [InlineData("10.1.2.3/8", "10.0.0.0/8")]
    [InlineData("10.1.2.3", "10.1.2.3/32")]
    [InlineData("10.1.2.3/255.255.0.0", "10.1.0.0/16")]
    [InlineData("2001:DB8:0::1/32", "2001:db8::/32")]
    public void LenientParserClearsBitsAfterThePrefix(string text, string network) =>
        Assert.Equal(network, Cidr.Parse(text)?.ToString());
}
