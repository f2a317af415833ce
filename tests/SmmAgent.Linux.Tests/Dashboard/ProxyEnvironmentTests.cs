using System.Net;
using SmmAgent.Linux.Dashboard;

namespace SmmAgent.Linux.Tests.Dashboard;

/// <summary>What is said of a proxy that the environment names for other programs.</summary>
public sealed class ProxyEnvironmentTests
{
    private static readonly Uri Dashboard = new("https://smm.example.com:8443/v1/x");

    [Fact]
    public void UnusedProxyIsNamedWithoutItsPassword()
    {
        var proxy = new WebProxy("http://proxy.example.com:3128") { Credentials = new NetworkCredential("user", "secret") };

        Assert.Equal(
            "; the proxy in the environment (https_proxy) is not used: the agent connects to smm.example.com directly, which "
                + "firewalls must allow",
            ProxyEnvironment.Note(Dashboard, proxy));
        Assert.Contains("(http_proxy)", ProxyEnvironment.Note(new Uri("http://smm.example.com"), proxy), StringComparison.Ordinal);
    }

    [Fact]
    public void NoteIsEmptyWithoutAProxyForTheDashboard()
    {
        Assert.Equal("", ProxyEnvironment.Note(Dashboard, new WebProxy()));
        Assert.Equal("", ProxyEnvironment.Note(Dashboard, new WebProxy("http://proxy.example.com:3128", false, [@"smm\.example\.com"])));
    }
}
