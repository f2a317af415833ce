using SmmAgent.Contract;
using SmmAgent.Core.Packages;
using SmmAgent.Linux.Files;
using SmmAgent.Linux.Locks;

namespace SmmAgent.Linux.Packages;

/// <summary>Downloads a package into the cache. A file with its final name has the right size and checksum.</summary>
public sealed class PackageDownload(PackageCache cache, PackageSource source, TimeProvider time)
{
    /// <summary>The time limit of one attempt. The next attempt continues the download.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromMinutes(30);

    private static readonly TimeSpan LockTimeout = TimeSpan.FromSeconds(5);

    /// <summary>Downloads the package or the rest of it. A package that is in the cache already is only verified.</summary>
    /// <param name="progress">Receives the number of bytes so far and in total (null: not known).</param>
    /// <param name="bypassBackoff">
    /// Whether a package with the wrong checksum is downloaded again at once, because an operator asked for it.
    /// </param>
    /// <returns>The path of the file, or the reason why there is none. The next download continues a cancelled one.</returns>
    public async Task<(string? Path, PackageFailure? Failure)> RunAsync(
        Package package, Action<long, long?>? progress, CancellationToken cancel, bool bypassBackoff = false)
    {
        if (package.Sha256 is null)
            return (null, new(PackageFailureReason.NotOffered,
                $"{package.NameAndVersion()} has no SHA-256 in the mesh configuration, so it is not fetched"));
        if (source.UrlOf(package) is not { } url)
            return (null, new(PackageFailureReason.NotOffered,
                $"{package.NameAndVersion()}: its path is neither on the dashboard nor an https URL"));
        if (cache.Prepare() is { } unsafeFolder)
            return (null, unsafeFolder);

        var (held, busy) = await new AgentLock(cache.Lock, time).AcquireAsync(LockTimeout, cancel);
        if (held is null)
            return (null, new(PackageFailureReason.Busy, busy!));

        using (held)
        using (var deadline = new Deadline(Deadline, time, cancel))
        {
            try
            {
                return await FetchAsync(package, url, progress, bypassBackoff, deadline.Token) is { } failure
                    ? (null, failure with { Message = $"{package.NameAndVersion()}: {failure.Message}" })
                    : (cache.PathOf(package), null);
            }
            catch (OperationCanceledException) when (deadline.IsOver)
            {
                return (null, new(PackageFailureReason.CutOff,
                    $"{package.NameAndVersion()}: not done within {Deadline.TotalMinutes:0} minutes; the next attempt continues it"));
            }
            catch (Exception exception) when (FileErrors.IsExpected(exception))
            {
                return (null, new(PackageFailureReason.UnsafeFolder,
                    $"{package.NameAndVersion()} cannot be kept: {FileErrors.Reason(exception)}"));
            }
        }
    }

    private async Task<PackageFailure?> FetchAsync(Package package, Uri url, Action<long, long?>? progress, bool bypassBackoff,
        CancellationToken cancel)
    {
        if (await IsThereAsync(package, cancel))
            return null;
        var refusal = ChecksumRefusal.Read(cache, package);
        if (refusal is not null && !bypassBackoff && time.GetUtcNow() < refusal.Until)
        {
            return Wrong(refusal.Found, package) with
            {
                Remediation = $"it is fetched again at {TimeText.Format(refusal.Until)}, or by: sudo smm-agent reconcile",
            };
        }

        using var part = new PartialDownload(cache, package);
        if (await new PackageTransfer(cache, source, time).RunAsync(package, url, part, progress, cancel) is { } failure)
            return failure;

        var (isRight, found) = await PackageCache.HashAsync(part.File, package, cancel);
        if (!isRight)
        {
            part.Remove();
            new ChecksumRefusal(package.Sha256!, found, (refusal?.Times ?? 0) + 1, time.GetUtcNow()).Write(cache, package);
            return Wrong(found, package);
        }

        part.Commit(cache.PathOf(package));
        File.Delete(cache.RefusalOf(package));
        return null;
    }

    private async Task<bool> IsThereAsync(Package package, CancellationToken cancel)
    {
        var path = cache.PathOf(package);
        if (!Path.Exists(path))
            return false;

        using (var file = PrivateFile.OpenExisting(path))
        {
            if ((await PackageCache.HashAsync(file, package, cancel)).IsRight)
                return true;
        }

        File.Delete(path);
        return false;
    }

    private static PackageFailure Wrong(string found, Package package) => new(
        PackageFailureReason.WrongChecksum,
        $"its SHA-256 is {found}, not {package.Sha256} as the mesh configuration says, so it was removed",
        "check the file that the dashboard serves at this path");
}
