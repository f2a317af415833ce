namespace SmmAgent.Core.Host;

/// <summary>The fields of os-release(5) that the agent uses.</summary>
/// <param name="Id">For example <c>ubuntu</c>; <c>linux</c> where the file does not say.</param>
/// <param name="VersionId">For example <c>20.04</c>; null where the file does not say.</param>
/// <param name="PrettyName">For people.</param>
public sealed record OsRelease(string Id, string? VersionId, string PrettyName)
{
    /// <summary>The verified systems of the prerequisites, for people.</summary>
    public const string VerifiedSystems = "Ubuntu 20.04+ and Red Hat Enterprise Linux 8";

    private static readonly Version FirstUbuntu = new(20, 4);

    /// <summary>The value for a host without the file.</summary>
    public static OsRelease Unknown { get; } = new("linux", null, "Linux");

    /// <summary>Whether the system is one of the verified systems of the prerequisites.</summary>
    public bool IsVerified => Id switch
    {
        "ubuntu" => Version.TryParse(VersionId, out var version) && version >= FirstUbuntu,
        "rhel" => VersionId == "8" || VersionId?.StartsWith("8.", StringComparison.Ordinal) == true,
        _ => false,
    };

    public static OsRelease Parse(IEnumerable<string> lines)
    {
        var values = new Dictionary<string, string>();
        foreach (var line in lines)
        {
            if (line.IndexOf('=', StringComparison.Ordinal) is var at and > 0 && line[(at + 1)..].Trim('"', '\'') is { Length: > 0 } value)
                values[line[..at]] = value;
        }

        return new(
            values.GetValueOrDefault("ID", Unknown.Id), values.GetValueOrDefault("VERSION_ID"),
            values.GetValueOrDefault("PRETTY_NAME", Unknown.PrettyName));
    }
}
