using SmmAgent.Contract;
using SmmAgent.Core.Firewall.Evaluation;
using SmmAgent.Core.Firewall.Rules;

namespace SmmAgent.Core.Tests.Firewall.Rules;

public sealed class SourceNetworksTests
{
    [Theory]
    [InlineData("192.0.2.1/32")]
    [InlineData("192.0.2.1")]
    [InlineData("0.0.0.0/32")]
    [InlineData("255.255.255.255/32")]
    public void HostIsReadLikeANetwork(string text)
    {
        var bytes = Cidr.Parse(text)!.Value.BaseAddress.GetAddressBytes();

        Assert.Equal(System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(bytes), SourceNetworks.IPv4Host(text));
    }

    [Theory]
    [InlineData("")]
    [InlineData("192.0.2.0/24")]
    [InlineData("192.0.2.256")]
    [InlineData("192.0.2")]
    [InlineData("192.0.2.1.5")]
    [InlineData("192.0.2.")]
    [InlineData("192.0.2.-1")]
    [InlineData("2001:db8::1/128")]
    [InlineData("/32")]
    public void OtherTextIsNotAHost(string text) => Assert.Null(SourceNetworks.IPv4Host(text));

    [Theory]
    [InlineData("0.0.0.0/0", "192.0.2.1/32", Match.Maybe)]
    [InlineData("192.0.2.0/24", "192.0.2.1/32", Match.Maybe)]
    [InlineData("192.0.2.1/32", "192.0.2.1/32", Match.Yes)]
    [InlineData("192.0.2.1/32", "192.0.2.2/32", Match.No)]
    [InlineData("192.0.2.0/24", "192.0.3.1/32", Match.No)]
    [InlineData("192.0.2.0/24", "192.0.0.0/16", Match.Yes)]
    [InlineData("192.0.2.0/24", "::1/128", Match.No)]
    [InlineData("2001:db8::/32", "192.0.2.1/32", Match.No)]
    [InlineData("192.0.2.0/24", "nonsense", Match.Maybe)]
    public void SourceMatchesAPacket(string packets, string rule, Match match)
    {
        var source = Cidr.Parse(packets)!.Value;

        Assert.Equal(match, Packet.FromCluster(source.Family(), source, 8080, 8080).From(rule));
    }
}
