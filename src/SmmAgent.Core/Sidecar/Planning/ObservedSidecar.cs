using SmmAgent.Contract;
using SmmAgent.Core.Packages;
using SmmAgent.Core.Planning;
using SmmAgent.Core.Sidecar.Configuration;
using SmmAgent.Core.Sidecar.Logs;
using SmmAgent.Core.Tokens;

namespace SmmAgent.Core.Sidecar.Planning;

/// <param name="Version">The installed version; null when it is not installed.</param>
/// <param name="Since">When its programs came to this host; null when it is not installed.</param>
/// <param name="IsPartiallyInstalled">Whether an installation or a removal was begun and is not complete.</param>
public sealed record InstalledSidecar(string? Version, DateTimeOffset? Since = null, bool IsPartiallyInstalled = false)
{
    /// <summary>Whether there is anything of it to remove.</summary>
    public bool Exists => Version is not null || IsPartiallyInstalled;
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
/// <param name="IsReady">Whether the sidecar reports that it is ready.</param>
/// <param name="Since">When its main process started; null while there is none.</param>
/// <param name="Restarts">systemd's count of automatic restarts; a manual start resets it.</param>
/// <param name="IsMasked">Whether the operator has masked it: a masked unit is not started.</param>
/// <param name="IsNotAccepting">
/// Whether it runs, but accepts none of the traffic that it captures: nothing listens there before the control plane has configured it.
/// </param>
public sealed record SidecarUnit(
    UnitActivity Activity, bool IsEnabled, bool IsReady, DateTimeOffset? Since, int Restarts = 0, bool IsMasked = false,
        bool IsNotAccepting = false)
{
    /// <summary>Whether it is masked until the next start of the host only.</summary>
    public bool IsMaskedAtRuntime { get; init; }

    /// <summary>Whether systemd starts and stops it with <see cref="SidecarFiles.StartEnvironment"/>.</summary>
    public bool HasStartEnvironment { get; init; }

    /// <summary>The command that removes the mask.</summary>
    public string UnmaskCommand => $"sudo systemctl unmask {(IsMaskedAtRuntime ? "--runtime " : "")}istio";
}

/// <summary>The observed state of the sidecar.</summary>
/// <param name="Files">
/// The files of <see cref="SidecarFiles"/>, the token's file and /etc/hosts, by path. A folder is a file without content.
/// </param>
/// <param name="IsCaptured">Whether the sidecar's rules redirect the host's traffic.</param>
public sealed record ObservedSidecar(
    Observation<InstalledSidecar> Package,
    IReadOnlyDictionary<string, Observation<FoundFile>> Files,
    IstioToken Token,
    Observation<SidecarUnit> Unit,
    bool IsCaptured)
{
    /// <summary>The backends with rules of its capture, of <see cref="CaptureBackends"/>; empty where they could not be observed.</summary>
    public IReadOnlyList<string> CapturedIn { get; init; } = [];

    /// <summary>The time of the observation.</summary>
    public DateTimeOffset At { get; init; } = DateTimeOffset.MaxValue;

    /// <summary>What this process cannot read, and the privileged reconcile has not reported yet.</summary>
    public IReadOnlyList<string> PendingRootReads { get; init; } = [];

    /// <summary>The sidecar's certificate; null when there is none, or it was not observed.</summary>
    public FoundCertificate? Certificate { get; init; }

    /// <summary>The failure that the sidecar's log shows for the present run; null when it shows none.</summary>
    public SidecarFailure? Failure { get; init; }

    /// <summary>Whether the user istio-proxy exists.</summary>
    public bool HasAccount { get; init; }

    /// <summary>The existing tables of nftables in which the sidecar captures, such as <c>ip nat</c>.</summary>
    public IReadOnlyList<string> Tables { get; init; } = [];

    /// <summary>The file; null when it could not be observed.</summary>
    public FoundFile? File(string path) => Files.TryGetValue(path, out var file) ? file.Value : null;
}

/// <summary>The desired state of the sidecar.</summary>
/// <param name="Configuration">Null when none can be made now: then the files stay as they are.</param>
/// <param name="MayRestart">Whether a change that needs it restarts the sidecar now.</param>
/// <param name="Hold">Why the sidecar must not run now; null when it may.</param>
public sealed record DesiredSidecar(SidecarConfiguration? Configuration, PackageChoice Package, bool MayRestart, string? Hold)
{
    /// <summary>Whether it starts at boot.</summary>
    public bool AtBoot { get; init; } = true;

    /// <summary>The identity that the sidecar must have; null when it is of no interest.</summary>
    public SpiffeId? Identity { get; init; }

    /// <summary>Whether the control plane refuses the token that is there, so that it is replaced now.</summary>
    public bool ReplacesToken { get; init; }

    /// <summary>Whether a certificate of another identity may be the reason to restart a sidecar that runs.</summary>
    public bool MayReplaceCertificate { get; init; } = true;

    /// <summary>Whether the installed package stays for now, because the wanted one could not be installed.</summary>
    public bool KeepsPackage { get; init; }
}
