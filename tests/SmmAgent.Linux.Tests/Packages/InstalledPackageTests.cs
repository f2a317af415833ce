using SmmAgent.Contract;
using SmmAgent.Linux.Host;
using SmmAgent.Linux.Packages;

namespace SmmAgent.Linux.Tests.Packages;

/// <summary>The real dpkg is queried only after a change of its database.</summary>
public sealed class InstalledPackageTests : IDisposable
{
    private readonly PackageHostRoot _host = new();

    private string Asked => $"{_host.Shared}/asked";

    public void Dispose() => _host.Dispose();

    [Fact]
    public async Task DatabaseIsQueriedAgainOnlyAfterAChange()
    {
        var installed = new InstalledPackage(
            new("apt-get", PackageFormat.Deb), ["sh", "-c", $"echo asked >> {Asked}; exec \"$@\"", "sh", .. _host.Prefix],
            _host.Inside(""));
        Assert.Equal((null, 1), await ReadAsync(installed));
        Assert.Equal((null, 1), await ReadAsync(installed));

        await _host.InstallAsync(_host.Installer(null, "deb"), _host.Offer(new("1.0"), "deb"));
        Assert.Equal(("1.0", 2), await ReadAsync(installed));
        Assert.Equal(("1.0", 2), await ReadAsync(installed));

        await _host.Installer(null, "deb").RemoveAsync(BuiltPackage.Name, TestContext.Current.CancellationToken);
        Assert.Equal((null, 3), await ReadAsync(installed));
    }

    [Fact]
    public async Task StateIsUnknownWithoutAPackageManager()
    {
        var (state, reason) = await new InstalledPackage(new PackageTools(null, null)).ReadAsync(
            BuiltPackage.Name, TestContext.Current.CancellationToken);

        Assert.Null(state);
        Assert.Equal("this host has neither dpkg nor rpm", reason);
    }

    private async Task<(string? Version, int Asked)> ReadAsync(InstalledPackage installed)
    {
        var (state, reason) = await installed.ReadAsync(BuiltPackage.Name, TestContext.Current.CancellationToken);
        Assert.Null(reason);
        return (state!.Version, File.ReadAllLines(Asked).Length);
    }
}
