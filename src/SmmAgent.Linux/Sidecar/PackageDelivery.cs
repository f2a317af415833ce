using SmmAgent.Contract;
using SmmAgent.Core.Packages;
using SmmAgent.Core.Sidecar.Status;
using SmmAgent.Linux.Packages;

namespace SmmAgent.Linux.Sidecar;

/// <summary>Fetches, verifies and installs packages, and removes old ones from the cache.</summary>
/// <param name="supply">Null where none is fetched.</param>
/// <param name="bypassBackoff">
/// Whether a person waits for the result: then a package that had the wrong bytes is fetched again at once.
/// </param>
/// <param name="recorded">The recorded versions that may be restored, so that their packages are kept.</param>
public sealed class PackageDelivery(
    PackageCache cache, PackageSupply? supply, PackageInstaller installer, TimeProvider time, bool bypassBackoff,
        Func<IReadOnlyList<string>> recorded)
    : IPackageDelivery
{
    /// <summary>The current activity, in one line for a person who watches.</summary>
    public string Doing { get; private set; } = "";

    /// <returns>The failure; null when the package is installed.</returns>
    public async Task<StepFailure?> InstallAsync(Package package, ReconcilePart part, bool mayDowngrade, CancellationToken cancel)
    {
        var name = package.NameAndVersion();
        if (supply is not var (source, approval))
            return new(part, package.Version, StepFailureReason.NotOffered, $"{name} is not installed: no dashboard is set");
        if (await UntilFreeAsync(cancel) is { } busy)
            return Failed(package, part, busy with { Message = $"{name} is not installed: {busy.Message}" });

        Doing = $"checking the signature of {name}";
        if (await approval.ApproveAsync(source, package, cancel) is { } refusal)
        {
            Doing = "";
            return Failed(package, part, refusal);
        }

        Doing = $"downloading {name}";
        var (path, failure) = await new PackageDownload(cache, source, time).RunAsync(package, (done, all) => Doing = Bar(name, done, all),
            cancel, bypassBackoff);
        if (path is null)
            return Failed(package, part, failure!);

        var (outcome, failed) = await VerifyAndInstallAsync(package, part, mayDowngrade, approval, cancel);
        if (outcome is InstallOutcome.Installed { Before: var before })
            cache.Prune(package, before is null ? recorded() : [before, .. recorded()]);
        return failed;
    }

    /// <summary>Whether a version can be restored.</summary>
    public bool Has(string name, string version) => cache.FindKept(name, installer.Format, version) is not null;

    /// <summary>Installs the previous version again.</summary>
    /// <returns>The failure; null when the package is installed.</returns>
    public async Task<StepFailure?> RestoreAsync(string name, string version, CancellationToken cancel) =>
        cache.FindKept(name, installer.Format, version) is { } kept
            ? await UntilFreeAsync(cancel) is { } busy
                ? Failed(kept, ReconcilePart.Package, busy with { Message = $"{name} {version} is not restored: {busy.Message}" })
                : (await VerifyAndInstallAsync(kept, ReconcilePart.Package, mayDowngrade: true, approval: null, cancel)).Failure
            : new(ReconcilePart.Package, version, StepFailureReason.NotOffered,
                $"{name} {version} cannot be restored: {cache.Folder} does not have its package");

    /// <param name="approval">Null for a package that this host had before.</param>
    private async Task<(InstallOutcome? Outcome, StepFailure? Failure)> VerifyAndInstallAsync(
        Package package, ReconcilePart part, bool mayDowngrade, PackageApproval? approval, CancellationToken cancel)
    {
        var name = package.NameAndVersion();
        Doing = $"verifying {name}";
        var (verified, fault) = await VerifiedPackage.TakeAsync(cache, package, time, cancel);
        if (verified is null)
            return (null, Failed(package, part, fault!));

        using (verified)
        {
            // The verified copy is installed, from a folder that only root can enter.
            if (approval?.Recheck(verified.Package) is { } refusal)
                return (null, Failed(package, part, refusal));

            Doing = $"installing {name}";
            var outcome = await installer.InstallAsync(verified, mayDowngrade, cancel);
            Doing = "";
            return (outcome, outcome is InstallOutcome.Failed { Failure: var reason } ? Failed(package, part, reason) : null);
        }
    }

    /// <returns>The failure; null when the package is removed.</returns>
    public async Task<StepFailure?> RemoveAsync(string name, CancellationToken cancel)
    {
        if (await UntilFreeAsync(cancel) is { } busy)
            return new(ReconcilePart.Package, name, StepFailureReasons.From(busy.Reason), $"{name} is not removed: {busy}");

        Doing = $"removing {name}";
        var outcome = await installer.RemoveAsync(name, cancel);
        Doing = "";
        return outcome is RemovalOutcome.Failed { Failure: var failure }
            ? new(ReconcilePart.Package, name, StepFailureReasons.From(failure.Reason), $"{failure}")
            : null;
    }

    // The check comes before any write to the cache: an installation that a killed reconcile started may still read there.
    private async Task<PackageFailure?> UntilFreeAsync(CancellationToken cancel)
    {
        var busy = await installer.UntilFreeAsync(who => Doing = who, cancel);
        Doing = "";
        return busy;
    }

    internal static string Bar(string name, long done, long? all)
    {
        const int Width = 20;
        const double Megabyte = 1024 * 1024;
        if (all is not { } total || total <= 0)
            return $"downloading {name}  {done / Megabyte:0.0} MiB";

        var filled = (int)Math.Clamp(done * Width / total, 0, Width);
        return $"downloading {name} {new string('━', filled)}{new string('─', Width - filled)} {done / Megabyte:0.0} of "
            + $"{total / Megabyte:0.0} MiB";
    }

    private static StepFailure Failed(Package package, ReconcilePart part, PackageFailure failure) =>
        new(part, package.Version, StepFailureReasons.From(failure.Reason), $"{failure}");
}
