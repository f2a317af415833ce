using SmmAgent.Linux.Host;

namespace SmmAgent.Linux.Tests.Host;

public sealed class PackageToolsTests
{
    [Theory]
    [InlineData("apt-get dpkg", true, "apt-get", "deb")]
    [InlineData("apt-get dpkg dnf rpm", true, "apt-get", "deb")]
    [InlineData("apt-get dpkg dnf rpm", false, "dnf", "rpm")]
    [InlineData("dpkg zypper rpm", false, "zypper", "rpm")]
    [InlineData("tdnf yum rpm", false, "tdnf", "rpm")]
    [InlineData("dpkg", true, null, "deb")]
    [InlineData("rpm", false, null, "rpm")]
    [InlineData("", false, null, null)]
    public void TheFormatIsThatOfTheSystemAndNotOfToolsThatSomebodyInstalled(string programs, bool hasDebs, string? installer, string? format) =>
        Assert.Equal(new(installer, format), PackageTools.From(programs.Split(' ').Contains, hasDebs));

    [Theory]
    [InlineData("apt-get", "sudo apt-get purge istio-sidecar")]
    [InlineData("dnf", "sudo dnf remove istio-sidecar")]
    [InlineData("zypper", "sudo zypper remove istio-sidecar")]
    [InlineData(null, "remove the package istio-sidecar")]
    public void TheCommandThatRemovesAPackageIsThatOfTheSystem(string? installer, string command) =>
        Assert.Equal(command, new PackageTools(installer, "deb").Remove("istio-sidecar"));
}
