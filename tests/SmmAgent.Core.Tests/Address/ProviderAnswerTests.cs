using System.Text;
using SmmAgent.Core.Address;

namespace SmmAgent.Core.Tests.Address;

public sealed class ProviderAnswerTests
{
    [Theory]
    [InlineData("198.18.0.5", "198.18.0.5")]
    [InlineData("198.18.0.5\n", "198.18.0.5")]
    [InlineData("  198.18.0.5\r\n", "198.18.0.5")]
    [InlineData("2606:4700::1111\n", "2606:4700::1111")]
    [InlineData("::ffff:198.18.0.5", "198.18.0.5")]
    public void SingleAddressIsAccepted(string body, string expected)
    {
        var result = Read(body);

        Assert.Equal(ProviderOutcome.Answered, result.Outcome);
        Assert.Equal(expected, result.Address!.ToString());
    }

    [Theory]
    [InlineData("", "answered with nothing")]
    [InlineData("\r\n \n", "answered with nothing")]
    [InlineData("<!DOCTYPE html><html>198.18.0.5</html>", "an HTML page")]
    [InlineData("198.18.0.5\n198.18.0.6\n", "several lines")]
    [InlineData("hello", "'hello', which is not an IP address")]
    [InlineData("1", "'1', which is not an IP address")]
    [InlineData("198.18.0.5:443", "is not an IP address")]
    [InlineData("fe80::1%eth0", "is not an IP address")]
    [InlineData("10.0.0.1", "'10.0.0.1' is a private address")]
    [InlineData("127.0.0.1", "'127.0.0.1' is a loopback address")]
    [InlineData("224.0.0.1", "'224.0.0.1' is a multicast address")]
    [InlineData("203.0.113.9", "'203.0.113.9' is an address reserved for documentation")]
    [InlineData("::ffff:192.168.0.1", "'192.168.0.1' is a private address")]
    [InlineData("fd00::1", "'fd00::1' is a unique local (private) address")]
    public void InvalidAnswerIsRefusedWithItsReason(string body, string reason)
    {
        var result = Read(body);

        Assert.Equal(ProviderOutcome.Refused, result.Outcome);
        Assert.Null(result.Address);
        Assert.Contains(reason, result.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void TruncatedAnswerIsRefusedEvenIfItBeginsWithAnAddress()
    {
        var result = ProviderAnswer.Read("p", "198.18.0.5\n"u8, isCut: true);

        Assert.Equal(ProviderOutcome.Refused, result.Outcome);
        Assert.Contains("more than 256 bytes", result.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void ControlCharacterDoesNotReachTheMessage() => Assert.DoesNotContain('\e', Read("\e[31mred").Problem!);

    [Fact]
    public void NameOfAProviderHasNoSecretOfItsUrl() =>
        Assert.Equal("https://ip.example.com/ip", ProviderResult.Name(new Uri("https://user:secret@ip.example.com/ip?key=secret#secret")));

    private static ProviderResult Read(string body) => ProviderAnswer.Read("p", Encoding.UTF8.GetBytes(body), isCut: false);
}
