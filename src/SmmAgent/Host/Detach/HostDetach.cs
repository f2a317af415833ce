using SmmAgent.Host.Reporting;
using SmmAgent.Host.Rollback;
using SmmAgent.Host.Sidecar;
using SmmAgent.Linux.Firewall;
using SmmAgent.Linux.Locks;

namespace SmmAgent.Host.Detach;

/// <param name="DryRun">Prints the plan and changes nothing.</param>
/// <param name="KeepPackages">Leaves the sidecar's package, for a package manager's own scripts.</param>
internal sealed record DetachOptions(bool DryRun, bool KeepPackages);

/// <summary>Undoes every change of the agent to the host and prints each. /etc/smm stays.</summary>
internal sealed class HostDetach(HostContext host, DetachOptions options)
{
    private readonly SidecarWithdrawal _sidecar = new(host);
    private readonly LastReport _report = new(host);

    private Progress Progress => host.Progress;

    /// <returns>An exit code.</returns>
    public async Task<int> RunAsync(CancellationToken cancel)
    {
        if (host.IsPrivileged)
            return options.DryRun ? await PlanAsync(cancel) : await DetachAsync(cancel);

        Progress.Failed("detach reads and changes the firewall: sudo smm-agent detach (also with --dry-run)");
        return ExitCode.NotPermitted;
    }

    private async Task<int> PlanAsync(CancellationToken cancel)
    {
        var units = UnitsPlan();
        var (plan, unreadable) = await host.Firewall.PlanRemovalAsync(cancel);
        var sidecar = await _sidecar.PlanAsync(options.KeepPackages, cancel);
        List<string> token = File.Exists(host.Paths.RenewedToken) ? [$"remove {host.Paths.RenewedToken}"] : [];
        WarnOfSavedRules();
        Would(units, ProgressLine.Agent);
        Would(sidecar, ProgressLine.Sidecar);
        Would(plan.Steps.Select(step => $"{step}"), ProgressLine.Firewall);
        var isNothing = plan.IsEmpty && sidecar.Count == 0 && units.Count == 0 && token.Count == 0;
        if (!isNothing && unreadable is null && _report.Plan() is { } report)
            Would([report], ProgressLine.Agent);
        Would(token, ProgressLine.Agent);
        if (unreadable is not null)
            Progress.Failed(unreadable);
        else if (isNothing)
            Progress.Done("nothing to remove");
        return unreadable is null ? ExitCode.Done : ExitCode.Failed;
    }

    private void Would(IEnumerable<string> lines, string part)
    {
        foreach (var line in lines)
            Progress.Would(line, part);
    }

    private List<string> UnitsPlan()
    {
        if (host.Units is not { } systemd)
            return [];

        var units = new AgentUnits(systemd, Progress, host.Time).DownPlan();
        return new HostRollback(host, systemd).DisarmPlan() is { } disarm ? [disarm, .. units] : units;
    }

    private async Task<int> DetachAsync(CancellationToken cancel)
    {
        host.Access.IgnoreHangup();
        if (host.Units is { } systemd)
        {
            await new HostRollback(host, systemd).DisarmAsync(cancel);
            if (!await new AgentUnits(systemd, Progress, host.Time).DownAsync(cancel))
                return ExitCode.Failed;
        }

        using var presence = DaemonPresence.Take(host.Paths.StateDirectory);
        if (presence.IsTaken)
        {
            Progress.Failed("a daemon that systemd did not start is running and would restore every change: stop it, then detach again");
            return ExitCode.Failed;
        }

        // Before the ports are closed, so that the sidecar ends its connections in order. The detach continues after a failure.
        var sidecar = await _sidecar.DetachAsync(options.KeepPackages, cancel);
        var removal = await host.Firewall.RemoveAsync(cancel);
        WarnOfSavedRules();
        var isDetached = Report(removal, sidecar);
        // The capture of the sidecar is gone now, and the token that the report needs still exists.
        if (isDetached)
            await _report.SendAsync(isRemoval: options.KeepPackages, cancel);
        var hadToken = RemoveToken();
        if (!isDetached)
            return ExitCode.Failed;

        var hadNothing = removal.Results.Count == 0 && sidecar == false && !hadToken;
        Progress.Done(hadNothing ? "the agent had changed nothing on this host" : "detached");
        return ExitCode.Done;
    }

    private bool RemoveToken()
    {
        if (!File.Exists(host.Paths.RenewedToken))
            return false;

        File.Delete(host.Paths.RenewedToken);
        Progress.Done("removed the renewed bearer token");
        return true;
    }

    private void WarnOfSavedRules()
    {
        foreach (var file in SavedRuleFiles.FindWithAgentChain(host.Paths.Root))
            Progress.Warn(
                $"{file} was saved with the agent's chain: restoring the file opens the ports again; {SavedRuleFiles.Remediation(file)}");
    }

    /// <param name="sidecar">Whether a change to the sidecar was undone; null if one could not be undone.</param>
    /// <returns>Whether every change was undone.</returns>
    private bool Report(FirewallRemoval removal, bool? sidecar)
    {
        var areDone = Progress.Steps(removal.Results);
        if (removal.NotAttemptedReason is { } reason)
            Progress.Failed(reason);
        return removal.NotAttemptedReason is null && areDone && sidecar is not null;
    }
}
