using SmmAgent.Contract;
using SmmAgent.Linux.Files;

namespace SmmAgent.Linux.Packages;

/// <summary>
/// Beside a package in the cache, from when it was first verified: its SHA-256, version and architecture. By then the mesh configuration
/// may no longer name it when it is needed again.
/// </summary>
internal static class VerifiedNote
{
    private const int MaximumBytes = 1024;

    public static void Write(PackageCache cache, Package package) =>
        AtomicFile.Write(cache.NoteOf(package), $"{package.Sha256} {package.Version} {package.Architecture}\n", AtomicFile.Private);

    /// <summary>The package that an installed version came from, of the name and format of <paramref name="like"/>.</summary>
    /// <returns>Null when none in the cache was verified.</returns>
    public static Package? Find(PackageCache cache, Package like, string installedVersion)
    {
        return Directory.EnumerateFiles(cache.Folder, $"{like.Name}_*.{like.Format.Word()}.sha256")
            .Select(note => Read(note, like))
            .FirstOrDefault(package => package is not null && like.Format.CompareOffer(package.Version, installedVersion) == 0
                && File.Exists(cache.PathOf(package)));
    }

    private static Package? Read(string note, Package like)
    {
        try
        {
            return System.Text.Encoding.UTF8.GetString(AtomicFile.ReadLimited(note, MaximumBytes, isAgents: true)
                ?? []).TrimEnd('\n').Split(' ') is
                [var sha256, var version, var architecture]
                ? like with { Sha256 = sha256, Version = version, Architecture = architecture, Size = null }
                : null;
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception))
        {
            return null; // what cannot be known for sure is not put back
        }
    }
}
