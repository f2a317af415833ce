using System.Net;
using SmmAgent.Contract;
using SmmDashboard.DialBack;

namespace SmmDashboard.Tests.DialBack;

public sealed class AddressPolicyTests
{
    private static readonly Ranges Cluster = new(IPNetwork.Parse("10.244.0.0/16"), IPNetwork.Parse("fd00:10::/64"));
    private static readonly IPAddress[] Own = [IPAddress.Parse("192.168.7.7"), IPAddress.Parse("2001:db8::7")];

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("127.255.255.254")]
    [InlineData("0.0.0.0")]
    [InlineData("0.1.2.3")]
    [InlineData("169.254.169.254")]
    [InlineData("169.254.0.1")]
    [InlineData("100.100.100.200")]
    [InlineData("168.63.129.16")]
    [InlineData("224.0.0.1")]
    [InlineData("239.255.255.255")]
    [InlineData("255.255.255.255")]
    [InlineData("240.0.0.1")]
    [InlineData("10.244.3.4")]
    [InlineData("192.168.7.7")]
    [InlineData("::")]
    [InlineData("::1")]
    [InlineData("fe80::1")]
    [InlineData("fe80::1%1")]
    [InlineData("fec0::1")]
    [InlineData("ff02::1")]
    [InlineData("fd00:ec2::254")]
    [InlineData("fd00:ec2::253")]
    [InlineData("fd00:ec2::23")]
    [InlineData("fd00:ec2::123")]
    [InlineData("fd20:ce::254")]
    [InlineData("fd00:c1::a9fe:a9fe")]
    [InlineData("2001:db8::5efe:10.244.3.4")]
    [InlineData("2001:db8::200:5efe:3.67.91.181")]
    [InlineData("fd12::5efe:c0a8:707")]
    [InlineData("64:ff9b:1::3.67.91.181")]
    [InlineData("64:ff9b:1:7f00:0:100::")]
    [InlineData("64:ff9b:1:fffe:a9:fea9:fe00:0")]
    [InlineData("fd00:10::9")]
    [InlineData("2001:db8::7")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("::ffff:169.254.169.254")]
    [InlineData("::ffff:10.244.3.4")]
    [InlineData("::ffff:192.168.7.7")]
    [InlineData("::127.0.0.1")]
    [InlineData("2002:7f00:1::1")]
    [InlineData("2002:a9fe:a9fe::")]
    [InlineData("64:ff9b::169.254.169.254")]
    [InlineData("64:ff9b::10.244.0.1")]
    [InlineData("64:ff9b:1::127.0.0.1")]
    [InlineData("2001:0:1:2:3:4:5:6")]
    public async Task AddressIsRefused(string address) => Assert.NotNull(await RefuseAsync(address));

    [Theory]
    [InlineData("198.18.0.1")]
    [InlineData("10.0.0.1")]
    [InlineData("192.168.7.8")]
    [InlineData("3.67.91.181")]
    [InlineData("2001:db8::1")]
    [InlineData("fd12::1")]
    [InlineData("::ffff:3.67.91.181")]
    [InlineData("64:ff9b::3.67.91.181")]
    [InlineData("2002:343:5bb5::1")]
    [InlineData("fd00:ec1::254")]
    [InlineData("2001:db8::5efe")]
    [InlineData("2001:db8::100:5efe:3.67.91.181")]
    [InlineData("64:ff9b:2::3.67.91.181")]
    public async Task AddressOfVmIsAllowed(string address) => Assert.Null(await RefuseAsync(address));

    [Theory]
    [InlineData("127.0.0.1", true)]
    [InlineData("169.254.169.254", true)]
    [InlineData("::ffff:127.0.0.1", true)]
    [InlineData("64:ff9b::169.254.169.254", true)]
    [InlineData("2001:db8::5efe:10.244.3.4", true)]
    [InlineData("fe80::1%1", true)]
    [InlineData("10.244.3.4", false)]
    [InlineData("198.18.0.1", false)]
    [InlineData("2001:db8::1", false)]
    public void RefusalMayNotDependOnTheCluster(string address, bool isRefused)
    {
        Assert.Equal(isRefused, new AddressPolicy().IsAlwaysRefused(IPAddress.Parse(address)));
        Assert.False(new AddressPolicy(IPNetwork.Parse("0.0.0.0/0"), IPNetwork.Parse("::/0")).IsAlwaysRefused(IPAddress.Parse(address)));
    }

    [Fact]
    public void OwnAddressesAreKnown() => Assert.Contains(IPAddress.Loopback, AddressPolicy.OwnAddresses());

    private static ValueTask<string?> RefuseAsync(string address) =>
        new AddressPolicy().RefuseAsync(IPAddress.Parse(address), NetworkModel.DifferentNetwork, Cluster, Own,
            TestContext.Current.CancellationToken);

    private sealed class Ranges(params IPNetwork[] networks) : IClusterRanges
    {
        public ValueTask<string?> FindReasonAsync(IPAddress address, NetworkModel model, CancellationToken cancellationToken) =>
            ValueTask.FromResult(networks.Any(network => network.Contains(address)) ? "it is in the cluster's own ranges" : null);
    }
}
