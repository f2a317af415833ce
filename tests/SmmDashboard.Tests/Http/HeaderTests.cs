using SmmDashboard.Http;

namespace SmmDashboard.Tests.Http;

public sealed class HeaderTests
{
    [Theory]
    [InlineData("wait=10", 10)]
    [InlineData("WAIT=10", 10)]
    [InlineData("respond-async, wait = 10; foo=bar", 10)]
    [InlineData("wait=\"10\"", 10)]
    [InlineData("wait=0", 0)]
    [InlineData("wait=300", 300)]
    [InlineData("wait=301", 300)]
    [InlineData("wait=99999999999999999999", 300)]
    [InlineData("wait=-1", null)]
    [InlineData("wait=1.5", null)]
    [InlineData("wait", null)]
    [InlineData("waiting=10", null)]
    [InlineData("", null)]
    public void WaitIsParsedAndCapped(string header, int? seconds) => Assert.Equal(seconds, PreferHeader.ParseWait([header]));

    [Theory]
    [InlineData("\"a\"", true)]
    [InlineData("W/\"a\"", true)]
    [InlineData("\"b\", \"a\"", true)]
    [InlineData("\"b,\", W/\"a\"", true)]
    [InlineData("\"a-gzip\"", true)]
    [InlineData("*", true)]
    [InlineData("\"b\", x, \"a\"", true)]
    [InlineData("\"a;br\"", true)]
    [InlineData("W/\"a-gzip\"", true)]
    [InlineData("\"b\", *", false)]
    [InlineData("*, \"b\"", false)]
    [InlineData("\"b\"", false)]
    [InlineData("a", false)]
    [InlineData("\"a", false)]
    [InlineData("", false)]
    public void EntityTagsAreComparedWeakly(string header, bool matches) =>
        Assert.Equal(matches, new EntityTags([header]).Match("\"a\""));

    [Theory]
    [InlineData("smm-agent/1.2.3", "1.2.3")]
    [InlineData("smm-agent/1.2.3-rc.1+5 (x)", "1.2.3")]
    [InlineData("smm-agent/1.2", null)]
    [InlineData("smm-agent/x.y.z", null)]
    [InlineData("curl/8.0.1", null)]
    [InlineData("", null)]
    public void OnlyVersionOfAgentIsParsed(string userAgent, string? version) =>
        Assert.Equal(version, AgentVersion.FromUserAgent(userAgent)?.ToString());
}
