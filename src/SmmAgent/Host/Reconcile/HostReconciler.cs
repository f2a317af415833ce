using SmmAgent.Core.Settings;
using SmmAgent.Host.Configuration;
using SmmAgent.Host.Rollback;
using SmmAgent.Linux.Dashboard;
using SmmAgent.Linux.Systemd;

namespace SmmAgent.Host.Reconcile;

/// <summary>Reconciles the host, for <c>smm-agent reconcile</c> and smm-agent-reconcile.service.</summary>
internal sealed class HostReconciler(HostContext host, ReconcileOptions options)
{
    private readonly ReconcileSettings _settings = new(host, options);
    private readonly SidecarBoot _boot = new(host);
    private readonly MeshConfigFetch _meshConfig = new(host.Paths, host.Progress, host.Time);

    private Progress Progress => host.Progress;

    /// <returns>An exit code.</returns>
    public async Task<int> RunAsync(CancellationToken cancel)
    {
        if (!options.DryRun && !host.IsPrivileged)
        {
            Progress.Failed("reconcile changes the host, and must run as root; to see the plan first: sudo smm-agent reconcile --dry-run");
            return ExitCode.NotPermitted;
        }

        try
        {
            // A call of systemd cannot be cancelled, and systemd may be slow to answer.
            if (await Task.Run(Refusal, cancel).WaitAsync(cancel) is not { } refusal)
                return await ReconcileAsync(cancel);

            Progress.Failed(refusal);
            return ExitCode.Failed;
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            Progress.Failed("interrupted; the next reconcile continues from here");
            return ExitCode.Failed;
        }
    }

    /// <summary>The reason to refuse this reconcile; null if it may run.</summary>
    private string? Refusal()
    {
        var systemd = host.Units;
        return options.ConfirmWithin is not null && systemd is null
            ? $"--confirm-within needs systemd, because a systemd timer rolls the changes back: {host.NoUnitsReason}; nothing was changed"
            : options is { DryRun: false, HostOnly: false, ConfirmWithin: null } && systemd is not null
                && new HostRollback(host, systemd).IsPending
                ? "an earlier reconcile is waiting for confirmation: sudo smm-agent confirm"
                : null;
    }

    private async Task<int> ReconcileAsync(CancellationToken cancel)
    {
        if (options is { DryRun: false, HostOnly: false, ConfirmWithin: null })
            ConfirmationNote.Delete(host.Paths);
        if (!options.DryRun)
            Progress.Done("reconciling host operating system");
        else if (host.Units is { } systemd && !options.HostOnly && new HostRollback(host, systemd).IsArmed)
        {
            var effect = options.ConfirmWithin is null ? "until then this one is refused" : "this one extends the wait";
            Progress.Warn($"an earlier reconcile is waiting for confirmation: {effect}; sudo smm-agent confirm");
        }

        if (_settings.Read() is not { } read)
            return ExitCode.Usage;

        var prepared = _settings.PrepareUuid(read);
        var settings = prepared.Settings;
        if (prepared.IsUnbound)
            await HoldSidecarAsync(settings, cancel);
        if (prepared.Code > ExitCode.Done)
            return prepared.Code;

        Progress.Done($"configuration loaded config={host.Paths.Settings}");
        using var dashboard = host.Access.OpenDashboard(settings);
        if (options is { HostOnly: true, DryRun: false })
            await PrepareBootAsync(settings, dashboard, cancel);
        var (config, code) = await _meshConfig.RunAsync(dashboard, save: !options.DryRun, cancel);
        var work = new ReconcileWork(settings, config, dashboard, IsCurrent: code == ExitCode.Done);
        var failure = options.DryRun
            ? await new ReconcileDryRun(host, options).RunAsync(work, cancel)
            : await new ReconcileRun(host, options).RunAsync(work, cancel);
        return failure is > ExitCode.Done ? failure
            : code == ExitCode.Done && options.DryRun && Progress.HasFailed ? ExitCode.Failed
            : code;
    }

    /// <summary>
    /// Restores the files that the sidecar lost with the reboot, and notifies systemd, which then starts it: the rest may take long.
    /// </summary>
    private async Task PrepareBootAsync(AgentSettings settings, IHostDashboard? dashboard, CancellationToken cancel)
    {
        using var notifier = ServiceNotifier.FromEnvironment(host.Access.Variable);
        var isHeld = await HoldSidecarAsync(settings, cancel);
        if (!isHeld && settings.Sidecar.Mode == ManagementMode.Manage && _meshConfig.LastGood(settings) is { } config)
            await _boot.ProvideTokenAsync(config, dashboard, cancel);
        notifier.Ready(isHeld
            ? "the sidecar is started when its configuration is written"
            : "the prerequisites of the sidecar's start are in place");
    }

    private async Task<bool> HoldSidecarAsync(AgentSettings settings, CancellationToken cancel) =>
        options is { HostOnly: true, DryRun: false }
        && settings.Sidecar.Mode == ManagementMode.Manage
        && await _boot.HoldUnconfiguredAsync(cancel);
}
