using SmmAgent.Contract;
using SmmAgent.Core.Packages;
using SmmAgent.Linux.Files;
using SmmAgent.Linux.Host;

namespace SmmAgent.Linux.Packages;

/// <summary>
/// Caches the state of a package, and reads it again only when the package database has changed, because each query starts a process.
/// </summary>
/// <param name="prefix">A prefix for each command; empty except in tests.</param>
/// <param name="root">The root folder of the databases; empty except in tests.</param>
public sealed class InstalledPackage(PackageTools tools, IReadOnlyList<string>? prefix = null, string root = "")
{
    /// <summary>The files and folders that every installation and removal changes.</summary>
    public static IReadOnlyList<string> Databases { get; } =
        ["/var/lib/dpkg/status", "/var/lib/rpm", "/usr/lib/sysimage/rpm"];

    private readonly PackageInstaller _installer = new(tools, prefix);
    private (string Name, string Stamp, PackageState State)? _known;

    /// <returns>The state, or the reason why it cannot be read, in one line.</returns>
    public async Task<(PackageState? State, string? Reason)> ReadAsync(string name, CancellationToken cancel)
    {
        if (tools.Format is null)
            return (null, PackageHost.NoFormat);

        // The stamp is read before the query, so that a change during the query causes another one.
        var stamp = Stamp();
        if (_known is var (known, at, state) && known == name && at == stamp)
            return (state, null);

        var (found, reason) = await _installer.ReadAsync(name, cancel);
        // Without a stamp, the database is in another place, and changes to it cannot be seen.
        _known = found is null || stamp.Length == 0 ? null : (name, stamp, found);
        return (found, reason);
    }

    private string Stamp() => string.Join(' ', Databases
        .Where(path => path.Contains("rpm", StringComparison.Ordinal) == (tools.Format == PackageFormat.Rpm))
        .SelectMany(path => Files(root + path))
        .Where(File.Exists)
        .Select(Stamp));

    // Readers of the rpm database change these files as well.
    private static string[] Files(string path)
    {
        try
        {
            return Directory.Exists(path)
                ? Directory.GetFiles(path).Where(file => !file.EndsWith("-shm", StringComparison.Ordinal)
                    && !file.EndsWith(".lock", StringComparison.Ordinal)).Order(StringComparer.Ordinal).ToArray()
                : [path];
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception))
        {
            return [];
        }
    }

    private static string Stamp(string path) =>
        new FileInfo(path) is { Exists: true } file
            ? FormattableString.Invariant($"{path}:{file.LastWriteTimeUtc.Ticks}:{file.Length}")
            : "";
}
