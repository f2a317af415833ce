using SmmAgent.Core.Settings;
using SmmAgent.Linux.Firewall;
using SmmAgent.Linux.Systemd;

namespace SmmAgent.Host;

/// <summary>The dependencies of the host operations reconcile, detach, rollback and upgrade. Tests replace each of them.</summary>
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

    /// <summary>The units of the host, opened at the first use; null if the host has no systemd.</summary>
    public IUnits? Units => Systemd.Units;

    /// <summary>The reason for the missing systemd; null if the host has one.</summary>
    public string? NoUnitsReason => Systemd.Reason;

    private (IUnits? Units, string? Reason) Systemd => _systemd ??= Access.OpenUnits();

    public void Dispose() => _systemd?.Units?.Dispose();
}
