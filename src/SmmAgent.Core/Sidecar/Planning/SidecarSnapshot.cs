using System.Text.Json;
using SmmAgent.Core.Sidecar.Configuration;

namespace SmmAgent.Core.Sidecar.Planning;

/// <summary>The recorded state of the sidecar before a change: detach and a rollback restore it.</summary>
/// <remarks>A later version must read the file of an earlier one: a member that is added must not be required.</remarks>
public sealed record SidecarSnapshot
{
    private const int ThisFormat = 1;

    /// <summary>
    /// The version of the format. It is raised where an earlier version would restore something wrong; that version refuses the file.
    /// </summary>
    public int Format { get; init; } = ThisFormat;

    /// <summary>The version that was installed; null when there was none.</summary>
    public required string? Version { get; init; }

    /// <summary>
    /// The sidecar's files that existed, by path. The token's file has no content here: the token is a secret, and valid for an hour only.
    /// </summary>
    public required IReadOnlyDictionary<string, FoundFile> Files { get; init; }

    /// <summary>The agent's lines in /etc/hosts.</summary>
    public required IReadOnlyList<string> Hosts { get; init; }

    /// <summary>Those of <see cref="SidecarFiles.Folders"/> and <see cref="SidecarFiles.SharedFolders"/> that existed.</summary>
    public required IReadOnlyList<string> Folders { get; init; }

    /// <summary>Owner and mode of folders that an earlier version of the agent made root's.</summary>
    public IReadOnlyDictionary<string, FoundFile> FolderOwners { get; init; } = new Dictionary<string, FoundFile>();

    /// <summary>
    /// When the certificate and the key that existed were written, by path; null where an earlier version did not record it. They are not
    /// copied: the key is a secret.
    /// </summary>
    public IReadOnlyDictionary<string, DateTimeOffset>? Credentials { get; init; }

    /// <summary>When the snapshot was written; null when that is not known.</summary>
    public DateTimeOffset? WrittenAt { get; init; }

    /// <summary>Whether the user istio-proxy existed.</summary>
    public required bool HasAccount { get; init; }

    /// <summary>The tables that existed of those that the sidecar's capture creates in nftables and leaves behind.</summary>
    public required IReadOnlyList<string> Tables { get; init; }

    public required bool IsEnabled { get; init; }

    public required bool IsRunning { get; init; }

    /// <summary>The present state; it must be known (<see cref="UnobservedReason"/>).</summary>
    public static SidecarSnapshot From(ObservedSidecar observed) => new()
    {
        Version = observed.Package.Value?.Version,
        Files = observed.Files
            .Where(file => file.Key != SidecarFiles.HostsFile && file.Value.Value?.Content is not null)
            .ToDictionary(file => file.Key, file => file.Value.Value!),
        Hosts = HostsBlock.Lines(observed.File(SidecarFiles.HostsFile)?.Content ?? ""),
        Folders = SidecarFiles.Folders.Concat(SidecarFiles.SharedFolders)
            .Where(folder => observed.File(folder) is { Owner.Length: > 0 }).ToArray(),
        Credentials = SidecarFiles.CertificateFiles.Where(path => observed.File(path) is { Owner.Length: > 0 }).ToDictionary(path => path,
            path => observed.File(path)!.Modified),
        HasAccount = observed.HasAccount,
        Tables = observed.Tables,
        IsEnabled = observed.Unit.Value?.IsEnabled == true,
        IsRunning = observed.Unit.Value is { Activity: UnitActivity.Running or UnitActivity.Starting },
    };

    /// <summary>Why the present state is not known, so that it could not be restored later; null when it is known.</summary>
    public static string? UnobservedReason(ObservedSidecar observed) =>
        observed.Package.UnknownReason ?? observed.Unit.UnknownReason
        ?? (observed.Package.Value is { IsPartiallyInstalled: true }
            ? "an installation of the sidecar's package is incomplete; wait for its end, or run: sudo dpkg --configure -a" : null);

    /// <summary>Whether a sidecar was configured: a change that fails between two states restores that one.</summary>
    public bool IsAttached => Version is not null
        && (Files.ContainsKey(SidecarFiles.ClusterEnvironment) || Files.ContainsKey(SidecarFiles.PackageClusterEnvironment));

    /// <summary>Whether a certificate or key existed before, and was not written since.</summary>
    public bool HasCredential(string path, FoundFile found) =>
        Credentials is { } known ? known.TryGetValue(path, out var modified) && modified == found.Modified : !(found.Modified > WrittenAt);

    public byte[] Write() => SidecarSnapshotJson.Write(this);

    /// <returns>Null when the text is not a snapshot, or is one of a later format.</returns>
    public static SidecarSnapshot? Read(ReadOnlySpan<byte> json)
    {
        try
        {
            return SidecarSnapshotJson.Read(json) is { Format: <= ThisFormat } before
                ? before
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
