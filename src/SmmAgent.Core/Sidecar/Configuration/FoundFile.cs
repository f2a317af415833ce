namespace SmmAgent.Core.Sidecar.Configuration;

/// <summary>A file that was looked at.</summary>
/// <param name="Content">Null when there is no such file. /etc/hosts has one char for each byte (Latin-1).</param>
/// <param name="Modified">When its content last changed.</param>
public sealed record FoundFile(string? Content, string Owner, UnixFileMode Mode, DateTimeOffset Modified)
{
    /// <summary>There is none, and no folder either: nobody owns it.</summary>
    public static FoundFile Missing { get; } = new(null, "", UnixFileMode.None, default);
}
