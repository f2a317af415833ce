using System.Globalization;
using SmmAgent.Contract;
using SmmAgent.Linux.Files;

namespace SmmAgent.Linux.Packages;

/// <summary>
/// Records that a package had the wrong checksum. The record is a file in the cache, because each reconcile is a new process, and would
/// download the same file again.
/// </summary>
/// <param name="Wanted">The SHA-256 in the mesh configuration. A record for another SHA-256 does not count.</param>
/// <param name="Times">The number of failures in a row.</param>
internal sealed record ChecksumRefusal(string Wanted, string Found, int Times, DateTimeOffset Last)
{
    private const int MaximumBytes = 1024;

    private static readonly ExponentialBackoff Backoff = new(TimeSpan.FromMinutes(5), TimeSpan.FromHours(6));

    /// <summary>The time of the next attempt.</summary>
    public DateTimeOffset Until => Last + Backoff.After(Times);

    /// <summary>The record for exactly this package; null when there is none.</summary>
    public static ChecksumRefusal? Read(PackageCache cache, Package package)
    {
        try
        {
            var words = System.Text.Encoding.UTF8.GetString(AtomicFile.ReadLimited(cache.RefusalOf(package), MaximumBytes, isAgents: true)
                ?? []).Split(' ');
            return words.Length == 4 && words[0] == package.Sha256
                && int.TryParse(words[2], NumberStyles.None, CultureInfo.InvariantCulture, out var times) && times > 0
                && long.TryParse(words[3], NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds < 100_000_000_000
                    ? new(words[0], words[1], times, DateTimeOffset.FromUnixTimeSeconds(seconds))
                    : null;
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception))
        {
            return null; // the cost is one more download
        }
    }

    public void Write(PackageCache cache, Package package) => AtomicFile.Write(
        cache.RefusalOf(package), string.Create(CultureInfo.InvariantCulture, $"{Wanted} {Found} {Times} {Last.ToUnixTimeSeconds()}"),
            AtomicFile.Private);
}
