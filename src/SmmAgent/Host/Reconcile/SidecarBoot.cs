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
    // The sidecar's start, and with it the host's, waits for that.
    private static readonly TimeSpan TokenPatience = TimeSpan.FromSeconds(20);

    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(20);

    /// <summary>Keeps a sidecar without cluster.env, as a copy of a machine has it, from its start at boot: the pass writes the file, then starts it.</summary>
    /// <returns>Whether it is held back.</returns>
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
            host.Progress.Warn($"{SidecarFiles.ClusterEnvironment} cannot be read: {exception.Message}");
            return false;
        }

        var outcome = await units.RunAsync(UnitJob.Stop, SidecarObserver.Unit, StopPatience, cancel);
        if (outcome.IsDone)
            host.Progress.Done($"the sidecar is not started before {SidecarFiles.ClusterEnvironment} is written");
        else
            host.Progress.Warn($"the sidecar has no {SidecarFiles.ClusterEnvironment}, and its start could not be held back: {outcome}");
        return outcome.IsDone;
    }

    // Before an earlier version's host has the drop-in, its sidecar reads the file in the package's folder.
    private static bool HasClusterEnvironment(SafeFileSystem files) =>
        files.Exists(SidecarFiles.ClusterEnvironment) || (!files.Exists(SidecarFiles.DropIn) && files.Exists(SidecarFiles.PackageClusterEnvironment));

    /// <summary>Has a good token lie where the sidecar reads it: the kept one, which a restart of the host took from there, or a new one.</summary>
    /// <remarks>A sidecar without one captures all traffic and takes none, also that by which one would be fetched.</remarks>
    /// <param name="dashboard">Null where no dashboard is asked.</param>
    public async Task ProvideTokenAsync(MeshConfig config, IHostDashboard? dashboard, CancellationToken cancel)
    {
        var group = config.WorkloadGroup;
        // Before the agent attached anything there is no sidecar that waits for it; and who else is at work sees to the token, too.
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
            host.Progress.Warn($"the kept istio-token could not be restored: {exception.Message}");
        }
    }

    // systemd has queued its start, and waits for this: a stop takes the start out of the queue. The pass starts the sidecar when a token is there.
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
