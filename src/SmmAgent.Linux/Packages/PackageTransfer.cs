using System.Net;
using SmmAgent.Contract;
using SmmAgent.Core.Packages;
using SmmAgent.Linux.Interop;

namespace SmmAgent.Linux.Packages;

/// <summary>Downloads one package into its partial file, from the end of that file on.</summary>
internal sealed class PackageTransfer(PackageCache cache, PackageSource source, TimeProvider time)
{
    /// <summary>The maximum size of a package (1 GiB), which the mesh configuration cannot raise.</summary>
    public const long MaximumBytes = 1L << 30;

    /// <summary>How long a server may send nothing.</summary>
    public static readonly TimeSpan IdleTimeout = TimeSpan.FromSeconds(30);

    private const int BufferBytes = 128 * 1024;
    private const int MaximumAttempts = 5;

    // The disk space that is left for other programs.
    private const long Reserve = 4 * 1024 * 1024;

    /// <returns>Null when the whole package was received.</returns>
    public async Task<PackageFailure?> RunAsync(
        Package package, Uri url, PartialDownload part, Action<long, long?>? progress, CancellationToken cancel)
    {
        if (package.Size > MaximumBytes)
            return TooLarge(MaximumBytes);
        if (NoRoom(package.Size - part.Length) is { } full)
            return full;
        if (part.ETag is null || part.Length > (package.Size ?? MaximumBytes))
            part.Restart();

        var attempts = 0;
        while (true)
        {
            if (part.Length == package.Size)
                return null;

            var before = part.Length;
            var (isDone, failure) = await AttemptAsync(package, url, part, progress, cancel);
            if (isDone)
                return null;

            // A broken connection is replaced at once, as long as each one transfers data.
            var isWorthAnother = failure is null
                || (failure.Reason == PackageFailureReason.CutOff && part.ETag is not null && part.Length > before);
            if (!isWorthAnother || ++attempts == MaximumAttempts)
                return failure ?? new(PackageFailureReason.Refused,
                    $"{PackageSource.Shown(url)} answers with ranges that were not requested");
        }
    }

    /// <returns>Neither done nor a failure: the partial file was removed, and the next attempt starts again.</returns>
    private async Task<(bool IsDone, PackageFailure? Failure)> AttemptAsync(
        Package package, Uri url, PartialDownload part, Action<long, long?>? progress, CancellationToken cancel)
    {
        using var patience = new CancellationTokenSource(IdleTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancel);
        try
        {
            var (answer, failure) = await source.GetAsync(url, part.Length, part.Length > 0 ? part.ETag : null, either.Token);
            if (answer is null)
                return (false, failure);

            using (answer)
            {
                if (answer.StatusCode != HttpStatusCode.OK && !Continues(answer, package, part))
                {
                    part.Restart();
                    return (false, null);
                }

                if (answer.StatusCode == HttpStatusCode.OK)
                    part.Restart(answer.Headers.ETag);
                var total = part.Length + answer.Content.Headers.ContentLength;
                if (Misfit(package, part.Length, total) is { } misfit)
                {
                    part.Remove();
                    return (false, misfit);
                }

                return await ReadAsync(answer, package.Size ?? total, part, progress, patience, either.Token);
            }
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return (false, new(PackageFailureReason.CutOff, $"{PackageSource.Shown(url)} sent nothing for {IdleTimeout.TotalSeconds:0} s"));
        }
        catch (IOException exception) when (exception.HResult is Errno.ENOSPC or Errno.EDQUOT)
        {
            // A download that filled the disk is removed.
            part.Remove();
            return (false, DiskFull("it filled the disk"));
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            return (false, new(PackageFailureReason.CutOff,
                $"{PackageSource.Shown(url)} closed the connection after {part.Length} bytes; the next attempt continues it"));
        }
    }

    private static async Task<(bool IsDone, PackageFailure? Failure)> ReadAsync(
        HttpResponseMessage answer, long? total, PartialDownload part, Action<long, long?>? progress, CancellationTokenSource patience,
            CancellationToken cancel)
    {
        await using var body = await answer.Content.ReadAsStreamAsync(cancel);
        var buffer = new byte[BufferBytes];
        var limit = total ?? MaximumBytes;
        part.File.Position = part.Length;
        progress?.Invoke(part.Length, total);
        while (await body.ReadAsync(buffer, cancel) is var length and > 0)
        {
            if (part.File.Position + length > limit)
            {
                part.Remove();
                return (false, TooLarge(limit));
            }

            part.Add(buffer.AsSpan(0, length));
            progress?.Invoke(part.File.Position, total);
            patience.CancelAfter(IdleTimeout);
        }

        return total is null || part.Length == total
            ? (true, null)
            : (false, new(PackageFailureReason.CutOff, $"its server ended after {part.Length} of {total} bytes"));
    }

    private static bool Continues(HttpResponseMessage answer, Package package, PartialDownload part) =>
        answer.StatusCode == HttpStatusCode.PartialContent
        && answer.Content.Headers.ContentRange is { Unit: "bytes", HasRange: true } range
        && range.From == part.Length && part.Length > 0
        && (answer.Headers.ETag is null || answer.Headers.ETag.Equals(part.ETag))
        && (package.Size is null || range.Length is null || range.Length == package.Size);

    private PackageFailure? Misfit(Package package, long there, long? total)
    {
        if (package.Size is { } size && total is not null && total != size)
            return new(PackageFailureReason.WrongSize, $"its server offers {total} bytes, but the mesh configuration says {size}");
        if (total > MaximumBytes)
            return TooLarge(MaximumBytes);

        return NoRoom(total - there);
    }

    private PackageFailure? NoRoom(long? needed) =>
        (needed ?? 0) + Reserve > cache.FreeBytes ? DiskFull($"it needs {((needed ?? 0) + Reserve) / 1024} KiB") : null;

    private PackageFailure DiskFull(string reason) => new(
        PackageFailureReason.DiskFull, $"{reason}, and {cache.Folder} has {cache.FreeBytes / 1024} KiB free", "free space on this disk");

    private static PackageFailure TooLarge(long limit) =>
        new(PackageFailureReason.WrongSize, $"it is larger than {limit} bytes, so it was dropped");
}
