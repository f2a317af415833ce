using SmmAgent.Contract;
using SmmAgent.Core.Packages;
using SmmAgent.Linux.Files;
using SmmAgent.Linux.Host;

namespace SmmAgent.Linux.Packages;

/// <summary>What the package database says of a package, asked again only when the database changed: asking costs a process.</summary>
/// <param name="prefix">What runs each command; nothing outside tests.</param>
/// <param name="root">What the databases lie below; nothing outside tests.</param>
public sealed class InstalledPackage(PackageTools tools, IReadOnlyList<string>? prefix = null, string root = "")
{
    /// <summary>What changes with every installation and removal.</summary>
    public static IReadOnlyList<string> Databases { get; } =
        ["/var/lib/dpkg/status", "/var/lib/rpm", "/usr/lib/sysimage/rpm"];

    private readonly PackageInstaller _installer = new(tools, prefix);
    private (string Name, string Stamp, PackageState State)? _known;

    /// <returns>The state; or why it cannot be seen, in one line.</returns>
    public async Task<(PackageState? State, string? Why)> ReadAsync(string name, CancellationToken cancel)
    {
        if (tools.Format is null)
            return (null, PackageHost.NoFormat);

        // Before it is asked: what changes meanwhile is asked for again.
        var stamp = Stamp();
        if (_known is var (known, at, state) && known == name && at == stamp)
            return (state, null);

        var (found, why) = await _installer.ReadAsync(name, cancel);
        // A database that lies elsewhere tells nothing by its time.
        _known = found is null || stamp.Length == 0 ? null : (name, stamp, found);
        return (found, why);
    }

    private string Stamp() => string.Join(' ', Databases
        .Where(path => path.Contains("rpm", StringComparison.Ordinal) == (tools.Format == PackageFormat.Rpm))
        .SelectMany(path => Files(root + path))
        .Where(File.Exists)
        .Select(Stamp));

    // Not those that a reader of rpm's database touches.
    private static IEnumerable<string> Files(string path)
    {
        try
        {
            return Directory.Exists(path)
                ? Directory.GetFiles(path).Where(file => !file.EndsWith("-shm", StringComparison.Ordinal)
                    && !file.EndsWith(".lock", StringComparison.Ordinal)).Order(StringComparer.Ordinal)
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
