using SmmAgent.Core.Network;
using SmmAgent.Core.Settings;

namespace SmmAgent.Core.Tests.Network;

public sealed class ProxySettingTests
{
    private static readonly Uri Dashboard = new("https://smm.example.com:8443");

    [Theory]
    [InlineData("http://proxy:3128", "proxy:3128", null)]
    [InlineData("http://10.0.0.5:8080/", "10.0.0.5:8080", null)]
    [InlineData("http://[fd00::5]:8080", "[fd00::5]:8080", null)]
    [InlineData("http://proxy:80", "proxy:80", null)]
    [InlineData("http://user:pa%20ss@proxy:3128", "proxy:3128", "Basic dXNlcjpwYSBzcw==")]
    [InlineData("http://user@proxy:3128", "proxy:3128", "Basic dXNlcjo=")]
    public void UrlOfAProxyIsRead(string text, string shown, string? credentials)
    {
        var choice = ProxySetting.Parse(text).Value!.For(Dashboard, _ => null);

        Assert.Null(choice.Error);
        Assert.Equal(shown, choice.Address!.ToString());
        Assert.Equal(credentials, choice.Address.Credentials);
    }

    [Theory]
    [InlineData("", "is not the URL of a proxy")]
    [InlineData("proxy:3128", "is not the URL of a proxy")]
    [InlineData("https://proxy:3128", "has the scheme https: only http proxies are supported")]
    [InlineData("socks5://proxy:1080", "only http proxies are supported")]
    [InlineData("http://proxy", "has no port")]
    [InlineData("http://user:secret@proxy", "has no port")]
    [InlineData("http://[fd00::5]", "has no port")]
    [InlineData("http://proxy:3128/path", "has more than a scheme")]
    [InlineData("http://pro xy:3128", "is not the URL of a proxy")]
    [InlineData("http://user:a%0d%0ab@proxy:3128", "has a control character")]
    [InlineData("off", "http://proxy.example.com:3128, environment or none")]
    public void OtherTextIsRefusedWithoutAPassword(string text, string reason)
    {
        var (value, found) = ProxySetting.Parse(text);

        Assert.Null(value);
        Assert.Contains(reason, found, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", found, StringComparison.Ordinal);
    }

    [Fact]
    public void TableHasNoPassword()
    {
        var settings = SettingsReader.Read("dashboard: {proxy: \"http://user:secret@proxy:3128\"}").Settings!;

        Assert.Equal("http://[redacted]@proxy:3128", SettingsTable.Rows(settings).Single(row => row.Key == "dashboard.proxy").Value);
        Assert.DoesNotContain("secret", settings.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void AnotherPasswordIsAnotherSetting() =>
        Assert.NotEqual(ProxySetting.Parse("http://user:one@proxy:3128").Value, ProxySetting.Parse("http://user:two@proxy:3128").Value);

    [Fact]
    public void EnvironmentIsNotUsedByDefault() => Assert.Equal(
        ProxyChoice.Direct, new AgentSettings().Proxy.For(Dashboard, _ => "http://proxy:3128"));

    [Theory]
    [InlineData("https://smm.example.com", "https_proxy=http://proxy:1", "proxy:1")]
    [InlineData("https://smm.example.com", "HTTPS_PROXY=http://proxy:2", "proxy:2")]
    [InlineData("https://smm.example.com", "https_proxy=http://proxy:1 HTTPS_PROXY=http://proxy:2", "proxy:1")]
    [InlineData("https://smm.example.com", "ALL_PROXY=http://proxy:3", "proxy:3")]
    [InlineData("https://smm.example.com", "http_proxy=http://proxy:4", null)]
    [InlineData("http://smm.example.com", "http_proxy=http://proxy:4", "proxy:4")]
    [InlineData("http://smm.example.com", "HTTP_PROXY=http://proxy:4", null)]
    [InlineData("https://smm.example.com", "https_proxy=proxy:5", "proxy:5")]
    [InlineData("https://smm.example.com", "https_proxy=", null)]
    [InlineData("https://smm.example.com", "https_proxy=http://proxy:1 no_proxy=example.com", null)]
    [InlineData("https://smm.example.com", "https_proxy=http://proxy:1 NO_PROXY=.example.com", null)]
    [InlineData("https://smm.example.com", "https_proxy=http://proxy:1 NO_PROXY=*.example.com", null)]
    [InlineData("https://smm.example.com", "https_proxy=http://proxy:1 NO_PROXY=localhost,SMM.example.com", null)]
    [InlineData("https://smm.example.com", "https_proxy=http://proxy:1 NO_PROXY=*", null)]
    [InlineData("https://smm.example.com", "https_proxy=http://proxy:1 NO_PROXY=m.example.com", "proxy:1")]
    [InlineData("https://smm.example.com", "https_proxy=http://proxy:1 NO_PROXY=smm.example.com:443", null)]
    [InlineData("https://smm.example.com", "https_proxy=http://proxy:1 NO_PROXY=smm.example.com:8443", "proxy:1")]
    [InlineData("https://10.1.2.3", "https_proxy=http://proxy:1 NO_PROXY=10.0.0.0/8", null)]
    [InlineData("https://11.1.2.3", "https_proxy=http://proxy:1 NO_PROXY=10.0.0.0/8", "proxy:1")]
    [InlineData("https://10.1.2.3", "https_proxy=http://proxy:1 NO_PROXY=10.0.0.1/8", null)]
    [InlineData("https://10.1.2.3", "https_proxy=http://proxy:1 NO_PROXY=10.1.127.1/17", null)]
    [InlineData("https://11.1.2.3", "https_proxy=http://proxy:1 NO_PROXY=10.0.0.1/8", "proxy:1")]
    [InlineData("https://10.1.2.3", "https_proxy=http://proxy:1 NO_PROXY=10.0.0.1/33", "proxy:1")]
    [InlineData("https://11.1.2.3", "https_proxy=http://proxy:1 NO_PROXY=10.0.0.1/0", null)]
    [InlineData("https://[fd00::1]", "https_proxy=http://proxy:1 NO_PROXY=fd00:1::1/8", null)]
    [InlineData("https://10.1.2.3", "https_proxy=http://proxy:1 NO_PROXY=10.1.2.3", null)]
    [InlineData("https://[fd00::1]", "https_proxy=http://proxy:1 NO_PROXY=fd00::/8", null)]
    [InlineData("https://[fd00::1]", "https_proxy=http://proxy:1 NO_PROXY=[fd00::1]", null)]
    public void EnvironmentDecidesIfTheSettingsSaySo(string url, string environment, string? expected)
    {
        var variables = environment.Split(' ').Select(one => one.Split('=', 2)).ToDictionary(one => one[0], one => one[1]);

        var choice = ProxySetting.Parse("environment").Value!.For(new Uri(url), variables.GetValueOrDefault);

        Assert.Null(choice.Error);
        Assert.Equal(expected, choice.Address?.ToString());
    }

    [Fact]
    public void InvalidProxyOfTheEnvironmentIsAnErrorWithoutItsPassword() => Assert.Equal(
        "the environment variable https_proxy has no port, for example http://proxy.example.com:3128",
        ProxySetting.Parse("environment").Value!.For(Dashboard, name => name == "https_proxy" ? "http://u:secret@proxy" : null).Error);
}
