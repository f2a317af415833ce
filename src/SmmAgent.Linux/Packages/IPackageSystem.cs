using SmmAgent.Contract;
using SmmAgent.Linux.Commands;

namespace SmmAgent.Linux.Packages;

/// <summary>The package system of a host: <see cref="Dpkg"/> or <see cref="Rpm"/>.</summary>
internal interface IPackageSystem
{
    PackageFormat Format { get; }

    /// <summary>The files that a running package manager locks.</summary>
    IReadOnlyList<string> Locks { get; }

    /// <returns>The state, or the reason why it cannot be read.</returns>
    Task<(PackageState? State, string? Reason)> ReadAsync(string name, CancellationToken cancel);

    /// <returns>The metadata of the archive; null, and the failed command, when it cannot be read.</returns>
    Task<(ArchiveLabel? Label, CommandResult Command)> DescribeAsync(string path, CancellationToken cancel);

    /// <returns>All members; null, and the failed command, when they cannot be read.</returns>
    Task<(IReadOnlyList<ArchiveMember>? Members, CommandResult Command)> ListAsync(string path, CancellationToken cancel);

    /// <summary>Installs a package, also an older version. Only its own timeout ends it.</summary>
    /// <param name="isInterrupted">Whether an earlier installation was interrupted.</param>
    Task<CommandResult> InstallAsync(string path, bool isInterrupted);

    /// <summary>
    /// Removes this package with its configuration, and no other package. Only its own timeout ends it. It does not wait for another
    /// package manager.
    /// </summary>
    Task<CommandResult> RemoveAsync(string name);
}
