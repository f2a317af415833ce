using SmmAgent.Contract;
using SmmAgent.Linux.Files;

namespace SmmAgent.Linux.Packages;

/// <summary>
/// A file beside a verified package in the cache, with its SHA-256, version and architecture. When the package is needed again, the mesh
/// configuration may no longer name it.
/// </summary>
internal static class VerifiedNote
{
    private const int MaximumBytes = 1024;

    public static void Write(PackageCache cache, Package package) =>
        AtomicFile.Write(cache.NoteOf(package), $"{package.Sha256} {package.Version} {package.Architecture}\n", AtomicFile.Private);

    /// <summary>Finds the package of an installed version, with the name and format of <paramref name="like"/>.</summary>
    /// <returns>Null when the cache has no verified package of it.</returns>
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
            return null; // a package that cannot be identified is not restored
        }
    }
}
