using SmmAgent.Core.Network;
using SmmAgent.Linux.Network.Proxies;

namespace SmmAgent.Linux.Tests.Network.Proxies;

/// <summary>The note about a proxy that the environment names for other programs.</summary>
public sealed class ProxyEnvironmentTests
{
    private static readonly Uri Dashboard = new("https://smm.example.com:8443/v1/x");

    [Fact]
    public void UnusedProxyIsNamedWithoutItsPassword()
    {
        Assert.Equal(
            "; the proxy in the environment (HTTPS_PROXY) is not used: the agent connects to smm.example.com directly, which "
                + "firewalls must allow; to use a proxy, set dashboard.proxy to its URL",
            Note(Dashboard, ("HTTPS_PROXY", "http://user:secret@proxy.example.com:3128")));
        Assert.Contains("(http_proxy)",
            Note(new Uri("http://smm.example.com"), ("http_proxy", "http://proxy:3128")), StringComparison.Ordinal);
    }

    [Fact]
    public void NoteIsEmptyWithoutAProxyForTheDashboard()
    {
        Assert.Equal("", Note(Dashboard));
        Assert.Equal("", Note(Dashboard, ("https_proxy", "http://proxy:3128"), ("no_proxy", "example.com")));
    }

    [Fact]
    public void NoteIsEmptyIfTheSettingsHaveAProxy() => Assert.Equal("", ProxyEnvironment.Note(
        Dashboard, ProxySetting.Parse("environment").Value!, name => name == "https_proxy" ? "http://proxy:3128" : null));

    private static string Note(Uri url, params (string Name, string Value)[] variables) => ProxyEnvironment.Note(
        url, ProxySetting.None, name => Array.Find(variables, variable => variable.Name == name).Value);
}
