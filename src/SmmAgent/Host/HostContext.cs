using SmmAgent.Core.Settings;
using SmmAgent.Linux.Firewall;
using SmmAgent.Linux.Systemd;

namespace SmmAgent.Host;

/// <summary>Everything that a host operation (reconcile, detach, rollback, upgrade) takes from outside. Tests replace each part.</summary>
internal sealed class HostContext : IDisposable
{
    private (IUnits? Units, string? Reason)? _systemd;

    public required AgentPaths Paths { get; init; }

    public required TimeProvider Time { get; init; }

    /// <summary>Whether this process is root.</summary>
    public required bool IsPrivileged { get; init; }

    public required Progress Progress { get; init; }

    public required IFirewallReconciler Firewall { get; init; }

    public required ISidecarAccess Sidecar { get; init; }

    public required IHostAccess Access { get; init; }

    /// <summary>The units of the host, opened at the first use; null where there is no systemd.</summary>
    public IUnits? Units => Systemd.Units;

    /// <summary>Why there is no systemd; null where there is one.</summary>
    public string? NoUnitsReason => Systemd.Reason;

    private (IUnits? Units, string? Reason) Systemd => _systemd ??= Access.OpenUnits();

    public void Dispose() => _systemd?.Units?.Dispose();
}
