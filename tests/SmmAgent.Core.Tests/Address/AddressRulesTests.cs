using System.Net;
using SmmAgent.Core.Address;

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
    [InlineData("169.254.169.254", AddressClass.LinkLocal)]
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
    [InlineData("64:ff9b::808:808", AddressClass.Reserved)]
    [InlineData("100::1", AddressClass.Reserved)]
    [InlineData("2001::1", AddressClass.Reserved)]
    public void EveryAddressHasItsClass(string address, AddressClass expected) =>
        Assert.Equal(expected, AddressRules.Classify(IPAddress.Parse(address)));

    [Theory]
    [InlineData("10.0.0.1", true)]
    [InlineData("fd00::1", true)]
    [InlineData("100.64.0.1", true)]
    [InlineData("198.51.100.7", true)]
    [InlineData("8.8.8.8", true)]
    [InlineData("127.0.0.1", false)]
    [InlineData("0.0.0.0", false)]
    [InlineData("224.0.0.1", false)]
    [InlineData("255.255.255.255", false)]
    [InlineData("::1", false)]
    [InlineData("ff02::1", false)]
    public void TheOperatorMayChooseAnyUnicastAddressThatLeavesTheHost(string address, bool allowed) =>
        Assert.Equal(allowed, AddressRules.WhyNotOwn(IPAddress.Parse(address)) is null);

    [Fact]
    public void AnIPv4AddressInIPv6ClothesIsKeptAsIPv4() =>
        Assert.Equal(IPAddress.Parse("8.8.8.8"), AddressRules.Normalize(IPAddress.Parse("::ffff:8.8.8.8")));
}
