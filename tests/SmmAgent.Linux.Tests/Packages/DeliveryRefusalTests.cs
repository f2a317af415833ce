using SmmAgent.Contract;
using SmmAgent.Core.Sidecar.Status;
using SmmAgent.Linux.Packages;
using SmmAgent.Linux.Sidecar;

namespace SmmAgent.Linux.Tests.Packages;

/// <summary>
/// A package that the package list does not allow does not reach the real dpkg, although it is in the cache and has the checksum of the
/// mesh configuration.
/// </summary>
public sealed class DeliveryRefusalTests : IAsyncDisposable
{
    private readonly PackageHostRoot _host = new();
    private readonly RawServer _server = new();
    private readonly SignedList _list;
    private readonly PackageSource _source;

    public DeliveryRefusalTests() => (_list, _source) = (new(_server), new(_server.Url, null, "1.2.3"));

    [Fact]
    public async Task PackageThatTheListDoesNotNameIsNotInstalled()
    {
        var named = _host.Offer(new("1.0"), "deb");
        _list.Sign(named);
        Assert.Null(await InstallAsync(named, TimeProvider.System));
        Assert.Equal("1.0", _host.Content);

        Assert.Equal(StepFailureReason.NotInList, (await InstallAsync(_host.Offer(new("2.0"), "deb"), TimeProvider.System))?.Reason);
        Assert.Equal("1.0", _host.Content);
    }

    [Fact]
    public async Task ListThatExpiresBetweenTheDownloadAndTheInstallationAllowsNothing()
    {
        var named = _host.Offer(new("1.0"), "deb");
        _list.Sign(named);

        Assert.Equal(StepFailureReason.ListExpired, (await InstallAsync(named, new TwoDaysAtEachLook()))?.Reason);
        Assert.Null(_host.Content);
    }

    public async ValueTask DisposeAsync()
    {
        _source.Dispose();
        _list.Dispose();
        await _server.DisposeAsync();
        _host.Dispose();
    }

    private Task<StepFailure?> InstallAsync(Package package, TimeProvider clock)
    {
        var approval = new PackageApproval(new([_list.Key], AllowsUnsignedSidecar: false, []), new(_list.AcceptedFile), clock);
        var delivery = new PackageDelivery(
            _host.Cache, new(_source, approval), _host.Installer("apt-get", "deb"), TimeProvider.System, bypassBackoff: false, () => []);
        return delivery.InstallAsync(package, ReconcilePart.Package, mayDowngrade: true, TestContext.Current.CancellationToken);
    }

    private sealed class TwoDaysAtEachLook : TimeProvider
    {
        private int _looks;

        public override DateTimeOffset GetUtcNow() => System.GetUtcNow().AddDays(2 * _looks++);
    }
}
