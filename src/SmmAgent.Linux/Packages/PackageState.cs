namespace SmmAgent.Linux.Packages;

/// <summary>What the host's package database says of one package.</summary>
/// <param name="Version">The version that is there, or begun; null when there is none.</param>
/// <param name="IsComplete">Whether its installation has ended; an interrupted one is completed by installing again.</param>
public sealed record PackageState(string? Version, bool IsComplete = true)
{
    public static PackageState NotInstalled { get; } = new((string?)null);

    /// <summary>Whether dpkg still keeps the configuration of a package that was removed.</summary>
    public bool LeavesConfiguration { get; init; }
}

/// <summary>What an archive says of itself.</summary>
internal sealed record ArchiveLabel(string Name, string Version, string Architecture);

/// <summary>One member of an archive.</summary>
/// <param name="Type">As <c>ls -l</c> begins a line: <c>-</c>, <c>d</c>, <c>l</c>, <c>h</c> for a hard link, or a device.</param>
/// <param name="Path">As it is in the archive.</param>
internal sealed record ArchiveMember(char Type, string Path);
