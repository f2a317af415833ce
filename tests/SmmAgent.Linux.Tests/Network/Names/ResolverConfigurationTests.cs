using System.Net;
using SmmAgent.Linux.Network.Names;

namespace SmmAgent.Linux.Tests.Network.Names;

public sealed class ResolverConfigurationTests
{
    [Theory]
    [InlineData("nameserver 127.0.0.53\noptions edns0 trust-ad\nsearch .\n", "127.0.0.53")]
    [InlineData("# nameserver 192.0.2.1\n;nameserver 192.0.2.2\n\tnameserver\t10.0.0.2\r\nnameserver fd00::2 # second\n",
        "10.0.0.2 fd00::2")]
    [InlineData("nameserver dns.example.com\nnameserver\n", "")]
    [InlineData("", "")]
    public void NameServersAreReadInOrder(string text, string servers)
    {
        using var folder = new TemporaryFolder();

        var read = ResolverConfiguration.Read(folder.Write("resolv.conf", text));

        Assert.Equal(servers.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(IPAddress.Parse), read!.Servers);
    }

    [Fact]
    public void WithoutTheFileThereIsNone()
    {
        using var folder = new TemporaryFolder();

        Assert.Null(ResolverConfiguration.Read(folder.Path("resolv.conf")));
    }
}
