using System.Security.Cryptography;
using SmmAgent.Contract;
using SmmAgent.Core.Packages;
using SmmAgent.Linux.Files;
using SmmAgent.Linux.Interop;
using SmmAgent.Linux.Locks;

namespace SmmAgent.Linux.Packages;

/// <summary>
/// A package with the SHA-256 of the mesh configuration, in a folder that only root can enter. It is hashed while it is copied there, so a
/// later change in the cache does not change the package that is installed. The cache is locked until this object is disposed.
/// </summary>
public sealed class VerifiedPackage : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private static readonly TimeSpan LockTimeout = TimeSpan.FromSeconds(5);

    private readonly string _folder;
    private readonly IDisposable _held;

    private readonly PackageCache _cache;

    private VerifiedPackage(PackageCache cache, Package package, IDisposable held) =>
        (_cache, Package, _folder, _held) = (cache, package, System.IO.Path.Combine(cache.Folder, "verified"), held);

    public Package Package { get; }

    internal string Path => System.IO.Path.Combine(_folder, $"package.{Package.Format.Word()}");

    /// <summary>Copies and verifies a downloaded package.</summary>
    public static async Task<(VerifiedPackage? Verified, PackageFailure? Failure)> TakeAsync(
        PackageCache cache, Package package, TimeProvider time, CancellationToken cancel)
    {
        if (cache.Prepare() is { } unsafeFolder)
            return (null, unsafeFolder);
        var (held, busy) = await new AgentLock(cache.Lock, time).AcquireAsync(LockTimeout, cancel);
        if (held is null)
            return (null, new(PackageFailureReason.Busy, busy!));

        var verified = new VerifiedPackage(cache, package, held);
        try
        {
            verified.RemoveFolder(); // a killed process may have left it
            Directory.CreateDirectory(verified._folder, OwnerOnly);
            if (await CopyAsync(cache, package, verified.Path, cancel) is not { } failure)
            {
                VerifiedNote.Write(cache, package);
                return (verified, null);
            }

            verified.Dispose();
            return (null, failure);
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception))
        {
            verified.Dispose();
            return (null, exception.HResult is Errno.ENOSPC or Errno.EDQUOT
                ? new(PackageFailureReason.DiskFull, $"{package.NameAndVersion()} could not be copied: {cache.Folder} is full",
                    "free space on this disk")
                : new(PackageFailureReason.UnsafeFolder,
                    $"{package.NameAndVersion()} could not be copied: {FileErrors.Reason(exception)}"));
        }
        catch
        {
            verified.Dispose();
            throw;
        }
    }

    /// <summary>Copies and verifies the package of the previous version.</summary>
    /// <returns>The path, or the reason why there is none.</returns>
    internal async Task<(string? Path, string? Reason)> CopyKeptAsync(string version)
    {
        try
        {
            if (VerifiedNote.Find(_cache, Package, version) is not { } kept)
                return (null, $"{_cache.Folder} does not have its package");

            var path = System.IO.Path.Combine(_folder, $"kept.{kept.Format.Word()}");
            return await CopyAsync(_cache, kept, path, CancellationToken.None) is { } failure ? (null, failure.Message) : (path, null);
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception))
        {
            return (null, exception.Message);
        }
    }

    public void Dispose()
    {
        try
        {
            RemoveFolder();
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception))
        {
            // The next verification removes it.
        }

        _held.Dispose();
    }

    private static async Task<PackageFailure?> CopyAsync(PackageCache cache, Package package, string target, CancellationToken cancel)
    {
        var source = cache.PathOf(package);
        var buffer = new byte[128 * 1024];
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await using var from = PrivateFile.OpenExisting(source);
        await using var to = PrivateFile.OpenOrCreate(target);
        while (await from.ReadAsync(buffer, cancel) is var length and > 0)
        {
            hash.AppendData(buffer, 0, length);
            to.Write(buffer, 0, length);
        }

        to.Flush(flushToDisk: true);
        var found = Convert.ToHexStringLower(hash.GetHashAndReset());
        return found.Equals(package.Sha256, StringComparison.OrdinalIgnoreCase)
            ? null
            : new(PackageFailureReason.WrongChecksum,
                $"{package.NameAndVersion()}: the SHA-256 of {source} is {found}, not {package.Sha256}, so it is not installed");
    }

    private void RemoveFolder()
    {
        if (Directory.Exists(_folder))
            Directory.Delete(_folder, recursive: true);
        else
            File.Delete(_folder);
    }
}
