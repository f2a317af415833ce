using System.Net;
using SmmAgent.Core.Network;

namespace SmmAgent.Core.Tests.Address;

public sealed class AddressRulesTests
{
    [Theory]
    [InlineData("8.8.8.8", AddressClass.Global)]
    [InlineData("198.18.0.1", AddressClass.Global)]
    [InlineData("198.19.255.255", AddressClass.Global)]
    [InlineData("172.15.255.255", AddressClass.Global)]
    [InlineData("172.32.0.0", AddressClass.Global)]
    [InlineData("100.63.255.255", AddressClass.Global)]
    [InlineData("100.128.0.0", AddressClass.Global)]
    [InlineData("2606:4700::1111", AddressClass.Global)]
    [InlineData("::ffff:8.8.8.8", AddressClass.Global)]
    [InlineData("0.0.0.0", AddressClass.Unspecified)]
    [InlineData("::", AddressClass.Unspecified)]
    [InlineData("127.0.0.1", AddressClass.Loopback)]
    [InlineData("127.255.255.254", AddressClass.Loopback)]
    [InlineData("::1", AddressClass.Loopback)]
    [InlineData("::ffff:127.0.0.1", AddressClass.Loopback)]
    [InlineData("10.0.0.1", AddressClass.Private)]
    [InlineData("172.16.0.1", AddressClass.Private)]
    [InlineData("172.31.255.255", AddressClass.Private)]
    [InlineData("192.168.1.1", AddressClass.Private)]
    [InlineData("::ffff:10.0.0.1", AddressClass.Private)]
    [InlineData("100.64.0.1", AddressClass.CarrierGradeNat)]
    [InlineData("100.127.255.255", AddressClass.CarrierGradeNat)]
    [InlineData("169.254.169.254", AddressClass.CloudMetadata)]
    [InlineData("168.63.129.16", AddressClass.CloudMetadata)]
    [InlineData("100.100.100.200", AddressClass.CloudMetadata)]
    [InlineData("fd00:ec2::254", AddressClass.CloudMetadata)]
    [InlineData("fd20:ce::254", AddressClass.CloudMetadata)]
    [InlineData("169.254.0.1", AddressClass.LinkLocal)]
    [InlineData("fe80::1", AddressClass.LinkLocal)]
    [InlineData("fe80::1%1", AddressClass.LinkLocal)]
    [InlineData("fd00::1", AddressClass.UniqueLocal)]
    [InlineData("fc00::1", AddressClass.UniqueLocal)]
    [InlineData("224.0.0.1", AddressClass.Multicast)]
    [InlineData("239.255.255.255", AddressClass.Multicast)]
    [InlineData("ff02::1", AddressClass.Multicast)]
    [InlineData("255.255.255.255", AddressClass.Broadcast)]
    [InlineData("192.0.2.1", AddressClass.Documentation)]
    [InlineData("198.51.100.1", AddressClass.Documentation)]
    [InlineData("203.0.113.1", AddressClass.Documentation)]
    [InlineData("2001:db8::1", AddressClass.Documentation)]
    [InlineData("3fff:fff::1", AddressClass.Documentation)]
    [InlineData("0.1.2.3", AddressClass.Reserved)]
    [InlineData("192.0.0.8", AddressClass.Reserved)]
    [InlineData("240.0.0.1", AddressClass.Reserved)]
    [InlineData("255.255.255.254", AddressClass.Reserved)]
    [InlineData("fec0::1", AddressClass.Reserved)]
    [InlineData("100::1", AddressClass.Reserved)]
    [InlineData("2001:10::1", AddressClass.Reserved)]
    [InlineData("64:ff9b::808:808", AddressClass.Transition)]
    [InlineData("64:ff9b:1::1", AddressClass.Transition)]
    [InlineData("2002:808:808::1", AddressClass.Transition)]
    [InlineData("2001::1", AddressClass.Transition)]
    [InlineData("192.88.99.1", AddressClass.Transition)]
    public void EveryAddressHasItsClass(string address, AddressClass expected) =>
        Assert.Equal(expected, AddressRules.Classify(IPAddress.Parse(address)));

    [Theory]
    [InlineData("10.0.0.1")]
    [InlineData("172.16.0.1")]
    [InlineData("192.168.1.1")]
    [InlineData("100.64.0.1")]
    [InlineData("198.18.0.100")]
    [InlineData("8.8.8.8")]
    [InlineData("fd00::1")]
    [InlineData("2606:4700::1111")]
    public void OperatorMayChooseAnyReachableUnicastAddress(string address) =>
        Assert.Null(AddressRules.ValidateOwn(IPAddress.Parse(address)));

    [Theory]
    [InlineData("0.0.0.0", "the unspecified address")]
    [InlineData("0.1.2.3", "a reserved address")]
    [InlineData("127.0.0.1", "a loopback address")]
    [InlineData("169.254.1.1", "a link-local address")]
    [InlineData("169.254.169.254", "a cloud's own metadata service")]
    [InlineData("fd00:ec2::254", "a cloud's own metadata service")]
    [InlineData("192.0.2.1", "documentation")]
    [InlineData("224.0.0.1", "a multicast address")]
    [InlineData("240.0.0.1", "a reserved address")]
    [InlineData("255.255.255.255", "the broadcast address")]
    [InlineData("::1", "a loopback address")]
    [InlineData("::ffff:127.0.0.1", "a loopback address")]
    [InlineData("fe80::1", "a link-local address")]
    [InlineData("fec0::1", "a reserved address")]
    [InlineData("ff02::1", "a multicast address")]
    [InlineData("100::1", "a reserved address")]
    [InlineData("2001:db8::1", "documentation")]
    [InlineData("2002:808:808::1", "6to4, Teredo or NAT64")]
    [InlineData("64:ff9b::808:808", "6to4, Teredo or NAT64")]
    public void UnreachableAddressIsRefusedForTheOperatorAndForProviders(string address, string reason)
    {
        Assert.Contains(reason, AddressRules.ValidateOwn(IPAddress.Parse(address)), StringComparison.Ordinal);
        Assert.Contains(reason, AddressRules.ValidateExternal(IPAddress.Parse(address)), StringComparison.Ordinal);
    }

    [Fact]
    public void IPv4MappedIPv6AddressBecomesIPv4() =>
        Assert.Equal(IPAddress.Parse("8.8.8.8"), AddressRules.Normalize(IPAddress.Parse("::ffff:8.8.8.8")));
}
