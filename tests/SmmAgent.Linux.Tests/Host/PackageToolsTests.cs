using SmmAgent.Contract;
using SmmAgent.Linux.Host;

namespace SmmAgent.Linux.Tests.Host;

public sealed class PackageToolsTests
{
    [Theory]
    [InlineData("apt-get dpkg", true, "apt-get", PackageFormat.Deb)]
    [InlineData("apt-get dpkg dnf rpm", true, "apt-get", PackageFormat.Deb)]
    [InlineData("apt-get dpkg dnf rpm", false, "dnf", PackageFormat.Rpm)]
    [InlineData("dpkg zypper rpm", false, "zypper", PackageFormat.Rpm)]
    [InlineData("tdnf yum rpm", false, "tdnf", PackageFormat.Rpm)]
    [InlineData("dpkg", true, null, PackageFormat.Deb)]
    [InlineData("rpm", false, null, PackageFormat.Rpm)]
    [InlineData("", false, null, null)]
    public void FormatIsThatOfTheSystemAndNotOfAdditionalTools(
        string programs, bool hasDebs, string? installer, PackageFormat? format) =>
        Assert.Equal(new(installer, format), PackageTools.From(programs.Split(' ').Contains, hasDebs));

    [Theory]
    [InlineData("apt-get", "sudo apt-get purge istio-sidecar")]
    [InlineData("dnf", "sudo dnf remove istio-sidecar")]
    [InlineData("zypper", "sudo zypper remove istio-sidecar")]
    [InlineData(null, "remove the package istio-sidecar")]
    public void RemoveCommandIsThatOfTheSystem(string? installer, string command) =>
        Assert.Equal(command, new PackageTools(installer, PackageFormat.Deb).Remove("istio-sidecar"));
}
