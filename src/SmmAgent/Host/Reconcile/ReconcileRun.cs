using SmmAgent.Core.Firewall.Planning;
using SmmAgent.Core.Firewall.State;
using SmmAgent.Core.Settings;
using SmmAgent.Host.Rollback;
using SmmAgent.Linux.Locks;

namespace SmmAgent.Host.Reconcile;

/// <summary>
/// Changes the host: arms the rollback if a confirmation is required, then reconciles firewall, sidecar, agent and daemon.
/// </summary>
internal sealed class ReconcileRun(HostContext host, ReconcileOptions options)
{
    private readonly SidecarReconcile _sidecar = new(host, options);
    private readonly HostRollback? _rollback = host.Units is { } systemd ? new(host, systemd) : null;
    private readonly AgentUnits? _units = host.Units is { } systemd ? new(systemd, host.Progress, host.Time) : null;

    private Progress Progress => host.Progress;

    /// <returns>An exit code.</returns>
    public async Task<int> RunAsync(ReconcileWork work, CancellationToken cancel)
    {
        host.Access.IgnoreHangup();
        var armed = host.Time.GetTimestamp();
        if (options.ConfirmWithin is { } window && !await ArmAsync(work, window, cancel))
            return ExitCode.Failed;

        // A change that was rolled back is not applied again without the operator, regardless of the cause of the delay.
        if (await ChangeAsync(work, cancel) is not { } code || (options.ConfirmWithin is not null && !_rollback!.IsPending))
        {
            Progress.Failed(
                "the confirmation window ended before the changes were complete; they are rolled back: use a longer --confirm-within");
            return ExitCode.Timeout;
        }

        if (!options.HostOnly)
            code = Math.Max(code, await StartDaemonAsync(cancel));
        if (code == ExitCode.Done && HasToRegister(work) && work.Dashboard is { Target: var target })
        {
            code = await new RegistrationWait(host.Paths, new(target.Namespace, target.Name), Progress, host.Time, Patience(armed))
            {
                RestartNeeded = _sidecar.RestartNeeded,
            }.RunAsync(cancel);
        }

        if (code == ExitCode.Done && work.IsCurrent)
            Progress.Done("reconciled host operating system");
        else if (code == ExitCode.Done)
            Progress.Failed(
                $"reconciled host operating system without a mesh configuration from the dashboard; {ReconcileDryRun.FindCause}");
        if (options.ConfirmWithin is { } within)
        {
            var left = within - host.Time.GetElapsedTime(armed);
            Progress.Warn(
                $"not confirmed: in {left.TotalSeconds:0} s the changes are rolled back; verify that a new SSH session can be opened, "
                    + "then: sudo smm-agent confirm");
        }

        return code;
    }

    /// <summary>Records the previous state and arms the rollback, before the first change.</summary>
    private async Task<bool> ArmAsync(ReconcileWork work, TimeSpan window, CancellationToken cancel)
    {
        var (before, unknown) = await _sidecar.BeforeAsync(work.Settings, work.Config, cancel);
        if (unknown is null)
            return await _rollback!.ArmAsync(window, before, cancel);

        Progress.Failed($"nothing was changed, because it could not be undone: {unknown}");
        return false;
    }

    /// <returns>An exit code; null if the confirmation window ended first. The rollback waits until this process has ended.</returns>
    private async Task<int?> ChangeAsync(ReconcileWork work, CancellationToken cancel)
    {
        using var presence = await PrivilegedPresence.ShowAsync(host.Paths.PrivilegedPresence, host.Time, cancel);
        using var timeout = options.ConfirmWithin is { } within ? new CancellationTokenSource(within, host.Time) : new();
        using var window = CancellationTokenSource.CreateLinkedTokenSource(cancel, timeout.Token);
        try
        {
            var isOpen = await OpenPortsAsync(DesiredFirewall.From(work.Settings, work.Config), work.Settings, window.Token);
            // A reconcile may take minutes. If it is interrupted, the privileged reconcile at the next boot continues it.
            if (!options.HostOnly && options.ConfirmWithin is null)
                _units?.Enable();
            var code = work is { Config: { } config, Dashboard: { } dashboard }
                ? await _sidecar.ApplyAsync(work.Settings, config, dashboard, window.Token)
                : ExitCode.Done;
            return Math.Max(code, isOpen ? ExitCode.Done : ExitCode.Failed);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return null;
        }
        // The daemon requests the remaining work later.
        catch (IOException exception) when (!options.HostOnly)
        {
            Progress.Failed(exception.Message);
            return ExitCode.Failed;
        }
    }

    private async Task<bool> OpenPortsAsync(DesiredFirewall desired, AgentSettings settings, CancellationToken cancel)
    {
        switch (settings.FirewallMode)
        {
            case ManagementMode.Manage:
                return Report(await host.Firewall.ApplyAsync(desired, cancel, options.Owner));
            case ManagementMode.Check:
                ManualPorts.Report(Progress, desired, await host.Firewall.DryRunAsync(desired, cancel, options.Owner));
                return true;
            default:
                return true;
        }
    }

    private bool Report(FirewallReport report)
    {
        var areDone = Progress.Steps(report.Results);
        if (report.NotAttemptedReason is { } reason)
            Progress.Failed(reason);
        else if (report.Results.Count == 0)
            Progress.Done("no changes were needed on the host operating system");
        return report.NotAttemptedReason is null && areDone;
    }

    private async Task<int> StartDaemonAsync(CancellationToken cancel)
    {
        if (_units is null)
        {
            Progress.Warn("systemd is not available to run the daemon; start the daemon manually: smm-agent run");
            return ExitCode.Done;
        }

        // An unconfirmed change must not be repeated after a reboot.
        if (options.ConfirmWithin is null)
        {
            _units.Enable();
            _rollback!.Forget();
        }

        return await _units.StartAsync(cancel);
    }

    // Half of the window remains for the confirmation.
    private TimeSpan Patience(long armed) =>
        options.ConfirmWithin is { } within && (within - host.Time.GetElapsedTime(armed)) / 2 is var half
        && half < RegistrationWait.Patience
            ? half
            : RegistrationWait.Patience;

    // Only the dashboard knows the registration, and only the daemon has the key of its requests.
    private bool HasToRegister(ReconcileWork work) =>
        !options.HostOnly && _units is not null
        && work is { IsCurrent: true, Config: not null, Settings.Sidecar.Mode: ManagementMode.Manage };
}
