using SmmAgent.Core.Packages;
using SmmAgent.Core.Planning;

namespace SmmAgent.Core.Sidecar;

/// <param name="Version">The installed version; null when it is not installed.</param>
public sealed record InstalledSidecar(string? Version);

/// <summary>A file that was looked at.</summary>
/// <param name="Content">Null when there is no such file. /etc/hosts has one char for each byte (Latin-1).</param>
/// <param name="Modified">When its content last changed.</param>
public sealed record FoundFile(string? Content, string Owner, UnixFileMode Mode, DateTimeOffset Modified)
{
    public static FoundFile Missing { get; } = new(null, "", UnixFileMode.None, default);
}

public enum UnitActivity
{
    Stopped,
    Failed,

    /// <summary>systemd starts it, or waits to start it again.</summary>
    Starting,
    Running,
}

/// <summary>istio.service.</summary>
/// <param name="IsReady">Whether the sidecar says that it is ready.</param>
/// <param name="Since">When its main process started; null while there is none.</param>
/// <param name="Version">The version that runs; null where nobody tells.</param>
public sealed record SidecarUnit(UnitActivity Activity, bool IsEnabled, bool IsReady, DateTimeOffset? Since, string? Version);

/// <summary>What is there of the sidecar.</summary>
/// <param name="Files">Those of <see cref="SidecarFiles"/> and /etc/hosts, by path.</param>
/// <param name="IsCaptured">Whether the sidecar's rules redirect the host's traffic.</param>
public sealed record ObservedSidecar(
    Observation<InstalledSidecar> Package,
    IReadOnlyDictionary<string, Observation<FoundFile>> Files,
    IstioToken Token,
    Observation<SidecarUnit> Unit,
    bool IsCaptured)
{
    /// <summary>The file; null when it could not be seen.</summary>
    public FoundFile? File(string path) => Files.TryGetValue(path, out var file) ? file.Value : null;
}

/// <summary>What should be there of the sidecar.</summary>
/// <param name="MayRestart">Whether a change that needs it restarts the sidecar now.</param>
/// <param name="Hold">Why the sidecar must not run now; null when it may.</param>
public sealed record DesiredSidecar(SidecarConfiguration Configuration, PackageChoice Package, bool MayRestart, string? Hold);
