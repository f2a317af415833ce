namespace SmmAgent.Contract.Tests;

public sealed class NameRulesTests
{
    [Theory]
    [InlineData("10.0.0.1")]
    [InlineData("2001:db8::1")]
    [InlineData("gw.example.com")]
    [InlineData("a4b01735600f547ceb3c03b1440dd134-690669273.eu-north-1.elb.amazonaws.com")]
    public void AddressIsAnIPAddressOrADnsName(string value) => Assert.Null(NameRules.Address(value));

    [Theory]
    [InlineData("")]
    [InlineData("10.0.0.256")]
    [InlineData("10.1")]
    [InlineData("1")]
    [InlineData("fe80::1%eth0")]
    [InlineData("[::1]")]
    [InlineData("gw.example.com.")]
    [InlineData("gw_1.example.com")]
    [InlineData("-gw.example.com")]
    [InlineData("gw.example.com:443")]
    [InlineData("gw example")]
    public void InvalidAddressIsRefusedWithItsValue(string value) =>
        Assert.Contains($"'{value}'", NameRules.Address(value), StringComparison.Ordinal);

    [Theory]
    [InlineData(64, true)] // no part has a limit of its own
    [InlineData(253, true)]
    [InlineData(254, false)]
    public void ObjectNameHasAtMost253Characters(int length, bool accepted) =>
        Assert.Equal(accepted, NameRules.Subdomain(new('a', length)) is null);

    [Theory]
    [InlineData("/packages/istio-sidecar_1.15.3_amd64.deb", true)]
    [InlineData("https://packages.example.com/istio-sidecar.rpm", true)]
    [InlineData("http://packages.example.com/istio-sidecar.rpm", false)]
    [InlineData("packages/x.deb", false)]
    [InlineData("//evil.example.com/x.deb", false)]
    [InlineData("/packages/../../etc/passwd", false)]
    [InlineData("/packages/%2e%2e/x.deb", false)]
    [InlineData("/packages/a%2fb.deb", false)]
    [InlineData("/packages/a%0ab.deb", false)]
    [InlineData("/packages/", false)]
    public void PackagePathIsOnTheDashboardOrHttpsWithAPlainFileName(string path, bool accepted) =>
        Assert.Equal(accepted, NameRules.PackagePath(path) is null);
}
