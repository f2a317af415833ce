namespace SmmAgent.Core.Sidecar.Configuration;

/// <summary>An observed file.</summary>
/// <param name="Content">Null when there is no such file. /etc/hosts has one char for each byte (Latin-1).</param>
/// <param name="Modified">When its content last changed.</param>
public sealed record FoundFile(string? Content, string Owner, UnixFileMode Mode, DateTimeOffset Modified)
{
    /// <summary>Neither a file nor a folder exists; the owner is empty.</summary>
    public static FoundFile Missing { get; } = new(null, "", UnixFileMode.None, default);
}
