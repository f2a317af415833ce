using SmmAgent.Contract;
using SmmAgent.Linux.Commands;

namespace SmmAgent.Linux.Packages;

/// <summary>The two ways in which hosts keep packages: <see cref="Dpkg"/> and <see cref="Rpm"/>.</summary>
internal interface IPackageSystem
{
    PackageFormat Format { get; }

    /// <summary>The files that a package manager locks while it is at work.</summary>
    IReadOnlyList<string> Locks { get; }

    /// <returns>The state; or why it cannot be seen.</returns>
    Task<(PackageState? State, string? Why)> ReadAsync(string name, CancellationToken cancel);

    /// <returns>What the archive says of itself; null with the command that could not read it.</returns>
    Task<(ArchiveLabel? Label, CommandResult Command)> DescribeAsync(string path, CancellationToken cancel);

    /// <returns>All members; null with the command that could not read them.</returns>
    Task<(IReadOnlyList<ArchiveMember>? Members, CommandResult Command)> ListAsync(string path, CancellationToken cancel);

    /// <summary>Installs, also an older version; nothing ends it but its own time-out.</summary>
    /// <param name="isInterrupted">Whether an installation before was interrupted.</param>
    Task<CommandResult> InstallAsync(string path, bool isInterrupted);

    /// <summary>
    /// Removes this package with its configuration, and no other; nothing ends it but its own time-out. It waits for nobody.
    /// </summary>
    Task<CommandResult> RemoveAsync(string name);
}
