using System.Globalization;
using SmmAgent.Core.Firewall.Planning;
using SmmAgent.Core.Planning;
using SmmAgent.Core.Sidecar.Planning;
using SmmAgent.Host.Reporting;
using SmmAgent.Host.Sidecar;
using SmmAgent.Linux.Sidecar;
using SmmAgent.Linux.Systemd;

namespace SmmAgent.Host.Rollback;

/// <summary>The rollback that a reconcile arms before it changes anything: docs/decisions/0007-confirm.md.</summary>
internal sealed class HostRollback(HostContext host, IUnits systemd)
{
    private const string Name = "smm-agent-rollback";
    private const string Timer = $"{Name}.timer";
    private const string Service = $"{Name}.service";

    // Each attempt waits for the lock as long as a holder usually needs it.
    private const int Tries = 5;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly AgentUnits _units = new(systemd, host.Progress, host.Time);
    private readonly RollbackSnapshot _snapshot = new(host.Paths);
    private readonly SidecarRecords _sidecar = new(host.Paths);

    /// <summary>Whether a change waits for its confirmation now.</summary>
    public bool IsPending => _snapshot.Exists && IsArmed;

    /// <summary>Whether the timer runs. Only root can read the snapshot.</summary>
    public bool IsArmed => systemd.ObserveUnit(Timer).IsActive;

    /// <summary>Records the snapshot and starts the timer.</summary>
    /// <param name="sidecar">The state of the sidecar; null if the sidecar is not changed.</param>
    /// <returns>Whether the rollback is armed; otherwise the reason is printed.</returns>
    public async Task<bool> ArmAsync(TimeSpan within, SidecarSnapshot? sidecar, CancellationToken cancel)
    {
        if (systemd.ObserveUnit(Service).IsUp)
        {
            host.Progress.Failed($"an earlier change is being rolled back: systemctl status {Service}, then try again");
            return false;
        }

        // An existing snapshot is older than an unconfirmed change, so it stays the state to restore.
        if (_snapshot.Read() is null && !await KeepAsync(sidecar, cancel))
            return false;
        if (systemd.ObserveUnit(Timer).IsUp)
            await systemd.RunAsync(UnitJob.Stop, Timer, Patience, cancel);
        string[] root = host.Paths.Root == "/" ? [] : ["--root", host.Paths.Root];
        await systemd.StartTimerAsync(
            Name, "Service Mesh Manager agent: undo of an unconfirmed change", within, [Environment.ProcessPath!, .. root, "rollback"],
            cancel);
        new ConfirmationNote(IsRolledBack: false, host.Time.GetUtcNow() + within).Write(host.Paths);
        host.Progress.Done($"rollback is armed within={within.TotalSeconds.ToString(CultureInfo.InvariantCulture)}s timer={Timer}");
        return true;
    }

    /// <summary>Stops the timer and deletes the snapshot.</summary>
    /// <returns>Whether a change was confirmed; otherwise the reason is printed.</returns>
    public async Task<bool> ConfirmAsync(CancellationToken cancel)
    {
        var wasRunning = systemd.ObserveUnit(Timer).IsActive;
        if (wasRunning)
            await systemd.RunAsync(UnitJob.Stop, Timer, Patience, cancel);

        // The service cannot start after the timer is stopped.
        var service = systemd.ObserveUnit(Service);
        if (service.IsUp)
            host.Progress.Failed($"too late: the rollback runs; see journalctl -u {Name}");
        else if (service.Active == "failed")
            host.Progress.Failed($"too late: the rollback was tried and failed; see journalctl -u {Name}, then: sudo smm-agent rollback");
        else if (!_snapshot.Exists)
            host.Progress.Failed("no reconcile is waiting for confirmation: none was started with --confirm-within, or it was rolled back");
        else if (!wasRunning)
            host.Progress.Failed(
                "the host was restarted before the confirmation; begin again: sudo smm-agent reconcile --confirm-within 120s");
        else
        {
            Forget();
            return true;
        }

        return false;
    }

    /// <summary>The plan of <see cref="DisarmAsync"/> in one line; null for nothing.</summary>
    public string? DisarmPlan() => systemd.ObserveUnit(Timer).IsUp ? $"would stop {Timer}" : null;

    /// <summary>Ends the wait for confirmation without a decision, because detach undoes the change.</summary>
    public async Task DisarmAsync(CancellationToken cancel)
    {
        if (systemd.ObserveUnit(Timer).IsUp)
        {
            await systemd.RunAsync(UnitJob.Stop, Timer, Patience, cancel);
            host.Progress.Done($"stopped {Timer}");
        }

        Forget();
    }

    /// <summary>Restores the previous state.</summary>
    /// <returns>Whether the previous state is restored completely.</returns>
    public async Task<bool> RunAsync(CancellationToken cancel)
    {
        if (_snapshot.Read() is not { } before)
        {
            host.Progress.Failed($"{host.Paths.RollbackSnapshot} is missing or damaged: the previous state is unknown; "
                + "sudo smm-agent detach undoes every change of the agent");
            return false;
        }

        // First, because a running daemon would apply the changes again.
        var isRestored = await _units.StopAsync(cancel);
        // A pending reconcile request would run as soon as the path unit is active again.
        if (File.Exists(host.Paths.ReconcileRequest))
            File.Delete(host.Paths.ReconcileRequest);
        // The sidecar before the ports, because it captures their traffic.
        var sidecar = _sidecar.BeforeConfirm;
        if (sidecar is not null)
            isRestored &= await new SidecarWithdrawal(host).RestoreAsync(sidecar, cancel);
        isRestored &= await RestoreAsync(before, cancel);
        await _units.StartAgainAsync(before.Running, cancel);
        if (isRestored)
        {
            Forget();
            new ConfirmationNote(IsRolledBack: true, host.Time.GetUtcNow()).Write(host.Paths);
        }

        // The first attach was undone, and no daemon runs that would report that.
        if (isRestored && !before.Running.Contains(AgentUnits.Daemon) && sidecar?.IsAttached != true)
            await new LastReport(host).SendAsync(isRemoval: false, cancel);
        return isRestored;
    }

    private async Task<bool> RestoreAsync(FirewallSnapshot before, CancellationToken cancel)
    {
        for (var attempt = 1; ; attempt++)
        {
            var report = await host.Firewall.RestoreAsync(before, cancel);
            foreach (var step in report.Done)
                host.Progress.Done($"{step}");
            if (report.NotAttemptedReason is null && report.Remaining.IsEmpty)
                return true;
            if (attempt < Tries)
                continue;

            host.Progress.Failed(report.NotAttemptedReason
                ?? "not every change could be undone: "
                    + $"{report.Results.FirstOrDefault(result => result.Outcome != StepOutcome.Done)?.Reason}");
            return false;
        }
    }

    private async Task<bool> KeepAsync(SidecarSnapshot? sidecar, CancellationToken cancel)
    {
        var observed = await host.Firewall.ObserveAsync(cancel);
        var (snapshot, reason) = FirewallSnapshot.Create(observed, _units.Running());
        if (snapshot is null)
        {
            host.Progress.Failed($"nothing was changed, because it could not be undone: {reason}");
            return false;
        }

        if (sidecar is not null)
            _sidecar.BeginConfirm(sidecar);
        _snapshot.Write(snapshot);
        return true;
    }

    /// <summary>Deletes the snapshot: a rollback is no longer possible.</summary>
    public void Forget()
    {
        _snapshot.Delete();
        _sidecar.EndConfirm();
        ConfirmationNote.Delete(host.Paths);
    }
}
