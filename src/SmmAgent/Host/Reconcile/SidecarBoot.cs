using SmmAgent.Contract;
using SmmAgent.Core.Sidecar.Configuration;
using SmmAgent.Core.Sidecar.Planning;
using SmmAgent.Core.Sidecar.Status;
using SmmAgent.Linux.Dashboard;
using SmmAgent.Linux.Files;
using SmmAgent.Linux.Locks;
using SmmAgent.Linux.Sidecar;
using SmmAgent.Linux.Systemd;

namespace SmmAgent.Host.Reconcile;

/// <summary>Prepares the start of the sidecar while the host boots, before the network is used.</summary>
internal sealed class SidecarBoot(HostContext host)
{
    // The start of the sidecar, and with it the boot of the host, waits for the token.
    private static readonly TimeSpan TokenPatience = TimeSpan.FromSeconds(20);

    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(20);

    /// <summary>
    /// Cancels the start at boot of a sidecar without cluster.env, as on a copy of a machine. The reconcile writes the file, then starts
    /// the sidecar.
    /// </summary>
    /// <returns>Whether the start was cancelled.</returns>
    public async Task<bool> HoldUnconfiguredAsync(CancellationToken cancel)
    {
        if (host.Units is not { } units)
            return false;

        try
        {
            if (!new SidecarRecords(host.Paths).HasBeforeAttach || HasClusterEnvironment(new(host.Paths.Root))
                || units.ObserveUnit(SidecarObserver.Unit).IsActive)
                return false;
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception))
        {
            host.Progress.Warn($"{SidecarFiles.ClusterEnvironment} cannot be read: {FileErrors.Reason(exception)}");
            return false;
        }

        var outcome = await units.RunAsync(UnitJob.Stop, SidecarObserver.Unit, StopPatience, cancel);
        if (outcome.IsDone)
            host.Progress.Done($"the sidecar is not started before {SidecarFiles.ClusterEnvironment} is written");
        else
            host.Progress.Warn($"the sidecar has no {SidecarFiles.ClusterEnvironment}, and its start could not be held back: {outcome}");
        return outcome.IsDone;
    }

    // A host of an earlier version has no drop-in yet: its sidecar reads the file in the folder of the package.
    private static bool HasClusterEnvironment(SafeFileSystem files) =>
        files.Exists(SidecarFiles.ClusterEnvironment)
        || (!files.Exists(SidecarFiles.DropIn) && files.Exists(SidecarFiles.PackageClusterEnvironment));

    /// <summary>
    /// Provides a valid token for the start of the sidecar: the kept one, because the sidecar's copy is lost at a reboot, or a new one.
    /// </summary>
    /// <remarks>A sidecar without a token captures all traffic and forwards none, including the request for a token.</remarks>
    /// <param name="dashboard">Null while no dashboard is set.</param>
    public async Task ProvideTokenAsync(MeshConfig config, IHostDashboard? dashboard, CancellationToken cancel)
    {
        var group = config.WorkloadGroup;
        // Before the first attach no sidecar waits for a token. Another process that holds the lock also provides the token.
        if (!new SidecarRecords(host.Paths).HasBeforeAttach)
            return;
        var (held, _) = await new AgentLock(host.Paths.HostLock, host.Time).AcquireAsync(TimeSpan.Zero, cancel);
        using var release = held;
        if (held is null)
            return;

        var tokens = host.Sidecar.Tokens(dashboard);
        using var timeout = new CancellationTokenSource(TokenPatience, host.Time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel, timeout.Token);
        try
        {
            if (tokens.Restore(group))
                return;
            if (await tokens.RenewAsync(group, limit.Token) is { } failure)
                await HoldStartAsync(config, failure.Message, cancel);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            await HoldStartAsync(config, $"the dashboard issued none within {TokenPatience.TotalSeconds:0} s", cancel);
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception))
        {
            host.Progress.Warn($"the kept istio-token could not be restored: {FileErrors.Reason(exception)}");
        }
    }

    // systemd has queued the start and waits for this unit: a stop cancels it. The reconcile starts the sidecar when it has a token.
    private async Task HoldStartAsync(MeshConfig config, string reason, CancellationToken cancel)
    {
        var observed = await host.Sidecar.ObserveAsync(config.WorkloadGroup, cancel);
        if (observed.Unit.Value is { Activity: UnitActivity.Running } || host.Units is not { } units)
            return;
        if (observed.Certificate?.IsGood(SidecarInputs.Identity(config), host.Time.GetUtcNow()) == true)
        {
            host.Progress.Warn($"the sidecar starts with the certificate that it has, and without a good istio-token: {reason}");
            return;
        }

        var outcome = await units.RunAsync(UnitJob.Stop, SidecarObserver.Unit, StopPatience, cancel);
        host.Progress.Warn($"the sidecar is not started before it has an istio-token: {reason}"
            + $"{(outcome.IsDone ? "" : $"; it could not be held back: {outcome}")}");
    }
}
