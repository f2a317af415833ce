namespace SmmAgent.Linux.Packages;

/// <summary>The state of a package in the package database.</summary>
/// <param name="Version">The version that is installed, completely or not; null when there is none.</param>
/// <param name="IsComplete">Whether the installation is complete. Another installation completes an interrupted one.</param>
public sealed record PackageState(string? Version, bool IsComplete = true)
{
    public static PackageState NotInstalled { get; } = new((string?)null);

    /// <summary>Whether dpkg still keeps the configuration of a package that was removed.</summary>
    public bool LeavesConfiguration { get; init; }
}

/// <summary>The metadata of an archive.</summary>
internal sealed record ArchiveLabel(string Name, string Version, string Architecture);

/// <summary>One member of an archive.</summary>
/// <param name="Type">As <c>ls -l</c> begins a line: <c>-</c>, <c>d</c>, <c>l</c>, <c>h</c> for a hard link, or a device.</param>
/// <param name="Path">As it is in the archive.</param>
internal sealed record ArchiveMember(char Type, string Path);
