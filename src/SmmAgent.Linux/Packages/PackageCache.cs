using System.Security.Cryptography;
using SmmAgent.Contract;
using SmmAgent.Core.Packages;
using SmmAgent.Core.Text;
using SmmAgent.Linux.Files;

namespace SmmAgent.Linux.Packages;

/// <summary>The folder of downloaded packages. Only its owner, root, can change it.</summary>
public sealed class PackageCache(string folder)
{
    private const UnixFileMode FolderMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    public string Folder => folder;

    internal string Lock => Path.Combine(folder, ".lock");

    /// <summary>The path of a package whose checksum was verified.</summary>
    public string PathOf(Package package) =>
        Path.Combine(folder, $"{package.Name}_{package.Version}_{package.Architecture}.{package.Format.Word()}");

    internal string PartOf(Package package) => PathOf(package) + ".part";

    internal string ETagOf(Package package) => PathOf(package) + ".part.etag";

    internal string NoteOf(Package package) => PathOf(package) + ".sha256";

    internal string RefusalOf(Package package) => PathOf(package) + ".refused";

    internal long FreeBytes => new DriveInfo(folder).AvailableFreeSpace;

    /// <summary>Creates the folder if it does not exist.</summary>
    /// <returns>Why the folder cannot be used; null when it can.</returns>
    public PackageFailure? Prepare()
    {
        try
        {
            var info = new DirectoryInfo(folder);
            if (info.LinkTarget is not null)
                return Unsafe("is a link, which smm-agent never creates", "remove it");
            if (!info.Exists)
            {
                info.Create();
                // The mode must not depend on the umask.
                File.SetUnixFileMode(folder, FolderMode);
            }

            var owner = FileOwner.Read(folder).User;
            var mode = File.GetUnixFileMode(folder);
            return owner != FileOwner.CurrentUser ? Unsafe($"belongs to user {owner}, not to root", $"do: sudo chown root:root {folder}")
                : (mode & (UnixFileMode.GroupWrite | UnixFileMode.OtherWrite)) != 0
                    ? Unsafe($"may be written by others (mode {OctalMode.Format(mode)})", $"do: sudo chmod 0755 {folder}")
                : null;
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception))
        {
            return new(PackageFailureReason.UnsafeFolder, $"{folder} cannot be used: {FileErrors.Reason(exception)}");
        }
    }

    /// <summary>Removes the packages of this name, except the wanted one and those that may have to be restored.</summary>
    /// <param name="earlier">The versions that may have to be restored, as in the package database.</param>
    public void Prune(Package wanted, IEnumerable<string> earlier)
    {
        // Names of packages have no underscore. The version of an rpm has a release, which the mesh configuration may leave out.
        List<string> kept = [Path.GetFileName(PathOf(wanted))];
        foreach (var version in earlier)
        {
            kept.Add($"{wanted.Name}_{version}_");
            if (VerifiedNote.Find(this, wanted, version) is { } package)
                kept.Add(Path.GetFileName(PathOf(package)));
        }

        foreach (var file in Directory.EnumerateFiles(folder, $"{wanted.Name}_*"))
        {
            if (!kept.Exists(name => Path.GetFileName(file).StartsWith(name, StringComparison.Ordinal)))
                File.Delete(file);
        }
    }

    /// <summary>The package of an installed version; null when it is not in the cache, or was never verified.</summary>
    public Package? FindKept(string name, PackageFormat format, string version) => !Directory.Exists(folder)
        ? null
        : VerifiedNote.Find(this, new() { Name = name, Format = format, Version = version, Architecture = "", Path = "" }, version);

    /// <summary>Whether the SHA-256 is the one in the mesh configuration.</summary>
    internal static async Task<(bool IsRight, string Found)> HashAsync(FileStream file, Package package, CancellationToken cancel)
    {
        file.Position = 0;
        var found = Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancel));
        return (found.Equals(package.Sha256, StringComparison.OrdinalIgnoreCase), found);
    }

    private PackageFailure Unsafe(string what, string fix) =>
        new(PackageFailureReason.UnsafeFolder, $"{folder} {what}, so no package is kept there", fix);
}
