using SmmAgent.Contract;
using SmmAgent.Core.Sidecar.Status;
using SmmAgent.Linux.Host;
using SmmAgent.Linux.Packages;
using SmmAgent.Linux.Sidecar;

namespace SmmAgent.Linux.Tests.Sidecar;

public sealed class PackageDeliveryTests
{
    private const long Megabyte = 1024 * 1024;

    [Theory]
    [InlineData(0, 20 * Megabyte, "downloading istio-sidecar 1.15.3 ──────────────────── 0.0 of 20.0 MiB")]
    [InlineData(5 * Megabyte, 20 * Megabyte, "downloading istio-sidecar 1.15.3 ━━━━━─────────────── 5.0 of 20.0 MiB")]
    [InlineData(20 * Megabyte, 20 * Megabyte, "downloading istio-sidecar 1.15.3 ━━━━━━━━━━━━━━━━━━━━ 20.0 of 20.0 MiB")]
    [InlineData(21 * Megabyte, 20 * Megabyte, "downloading istio-sidecar 1.15.3 ━━━━━━━━━━━━━━━━━━━━ 21.0 of 20.0 MiB")]
    [InlineData(Megabyte / 2, null, "downloading istio-sidecar 1.15.3  0.5 MiB")]
    [InlineData(Megabyte / 2, 0L, "downloading istio-sidecar 1.15.3  0.5 MiB")]
    public void ProgressBarShowsTheDownloadedPart(long done, long? all, string text) =>
    Assert.Equal(text, PackageDelivery.Bar("istio-sidecar 1.15.3", done, all));

    [Fact]
    public async Task NothingIsInstalledWithoutADashboardAndAMissingVersionCannotBeRestored()
    {
        var folder = Directory.CreateTempSubdirectory("smm-delivery-");
        try
        {
            var delivery = new PackageDelivery(
                new PackageCache(folder.FullName), null, new PackageInstaller(new PackageTools(null, PackageFormat.Deb)),
                TimeProvider.System, bypassBackoff: false, () => []);

            Assert.Equal(
                new StepFailure(ReconcilePart.Package, "1.15.3", StepFailureReason.NotOffered,
                    "istio-sidecar 1.15.3 is not installed: no dashboard is set"),
                await delivery.InstallAsync(
                    new() { Name = "istio-sidecar", Version = "1.15.3", Format = PackageFormat.Deb, Architecture = "all", Path = "/p" },
                    ReconcilePart.Package, true, TestContext.Current.CancellationToken));
            Assert.Equal(
                $"istio-sidecar 1.15.2 cannot be restored: {folder.FullName} does not have its package",
                (await delivery.RestoreAsync("istio-sidecar", "1.15.2", TestContext.Current.CancellationToken))!.Message);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
