using System.Net;
using Microsoft.AspNetCore.Http;
using SmmDashboard.Address;

namespace SmmDashboard.Tests.Address;

public sealed class ForwardedAddressTests
{
    [Theory]
    // peer, trusted, header and value => address, source, via a proxy
    [InlineData("203.0.113.7", "", "", "203.0.113.7", "connection", false)]
    [InlineData("::ffff:203.0.113.7", "", "", "203.0.113.7", "connection", false)]
    [InlineData("fe80::1%3", "", "", "fe80::1", "connection", false)]
    [InlineData("10.0.0.1", "", "X-Forwarded-For: 203.0.113.7", "10.0.0.1", "connection", true)]
    [InlineData("10.0.0.1", "", "Via: 1.1 proxy", "10.0.0.1", "connection", true)]
    [InlineData("10.0.0.1", "", "Forwarded: for=203.0.113.7", "10.0.0.1", "connection", true)]
    [InlineData("10.0.0.1", "", "X-Envoy-External-Address: 203.0.113.7", "10.0.0.1", "connection", true)]
    [InlineData("10.0.0.1", "10.0.0.0/8", "", "10.0.0.1", "connection", true)]
    [InlineData("10.0.0.1", "10.0.0.0/8", "X-Forwarded-For: 203.0.113.7", "203.0.113.7", "forwarded", true)]
    [InlineData("::ffff:10.0.0.1", "10.0.0.0/8", "X-Forwarded-For: 203.0.113.7", "203.0.113.7", "forwarded", true)]
    [InlineData("10.0.0.1", "10.0.0.0/8", "X-Forwarded-For: 198.51.100.1, 203.0.113.7", "203.0.113.7", "forwarded", true)]
    [InlineData("10.0.0.1", "10.0.0.0/8", "X-Forwarded-For: 203.0.113.7,10.0.0.2 , 10.0.0.3", "203.0.113.7", "forwarded", true)]
    [InlineData("10.0.0.1", "10.0.0.0/8", "X-Forwarded-For: 203.0.113.7:4711", "203.0.113.7", "forwarded", true)]
    [InlineData("10.0.0.1", "10.0.0.0/8", "X-Forwarded-For: [2001:db8::7]:4711", "2001:db8::7", "forwarded", true)]
    [InlineData("10.0.0.1", "10.0.0.0/8", "X-Forwarded-For: 2001:db8::7", "2001:db8::7", "forwarded", true)]
    [InlineData("10.0.0.1", "10.0.0.0/8", "X-Forwarded-For: 203.0.113.7, unknown", "10.0.0.1", "connection", true)]
    [InlineData("10.0.0.1", "10.0.0.0/8", "X-Forwarded-For: 203.0.113.7, 7", "10.0.0.1", "connection", true)]
    [InlineData("10.0.0.1", "10.0.0.0/8", "X-Forwarded-For: 10.0.0.9", "10.0.0.1", "connection", true)]
    [InlineData("10.0.0.1", "10.0.0.0/8", "X-Forwarded-For: ", "10.0.0.1", "connection", true)]
    [InlineData("10.0.0.1", "10.0.0.0/8", "Forwarded: for=203.0.113.7", "10.0.0.1", "connection", true)]
    [InlineData("192.0.2.1", "10.0.0.0/8", "X-Forwarded-For: 203.0.113.7", "192.0.2.1", "connection", true)]
    public void AddressIsThatOfTheConnectionUnlessAProxyIsTrusted(
        string peer, string trusted, string header, string address, string source, bool viaProxy)
    {
        var headers = new HeaderDictionary();
        if (header.Split(": ", 2) is [var name, var value])
            headers[name] = value;
        TrustedProxies proxies = trusted.Length == 0 ? TrustedProxies.None : new([IPNetwork.Parse(trusted)]);

        var seen = ForwardedAddress.Find(IPAddress.Parse(peer), headers, proxies);

        Assert.Equal((address, source, viaProxy, null), (seen.Address, seen.Source, seen.ViaProxy, seen.Problem));
    }

    [Fact]
    public void SeveralHeadersAreOneList()
    {
        var headers = new HeaderDictionary { ["X-Forwarded-For"] = new(["198.51.100.1", "203.0.113.7, 10.0.0.2"]) };

        var seen = ForwardedAddress.Find(IPAddress.Parse("10.0.0.1"), headers, new([IPNetwork.Parse("10.0.0.0/8")]));

        Assert.Equal("203.0.113.7", seen.Address);
    }
}
