using System.CommandLine;
using SmmAgent.Core.Settings;
using SmmAgent.Host;
using SmmAgent.Host.Firewall;
using SmmAgent.Host.Rollback;
using SmmAgent.Host.Sidecar;
using SmmAgent.Linux.Firewall;
using SmmAgent.Linux.Locks;
using SmmAgent.Linux.Systemd;

namespace SmmAgent.Cli;

/// <summary><c>smm-agent detach</c>: undoes what the agent did to the host, and lists it. /etc/smm stays.</summary>
internal static class DetachCommand
{
    public static Command Create(Func<ParseResult, AgentPaths> paths)
    {
        var dryRun = new Option<bool>("--dry-run") { Description = "print what would be removed and change nothing" };
        var keepPackages = new Option<bool>("--keep-packages")
        {
            Description = "leave the sidecar's package: for a package manager's own scripts, while nobody else can remove one",
            Hidden = true,
        };
        var command = new Command("detach", "Leave the mesh and undo everything on this host.") { dryRun, keepPackages };
        command.SetAction((parsed, cancel) =>
            RunAsync(paths(parsed), new(parsed.GetValue(dryRun), parsed.GetValue(keepPackages)), Progress.OnConsole(), cancel));
        return command;
    }

    private sealed record DetachOptions(bool DryRun, bool KeepPackages);

    private static async Task<int> RunAsync(AgentPaths paths, DetachOptions options, Progress progress, CancellationToken cancel)
    {
        if (!Environment.IsPrivilegedProcess)
        {
            progress.Failed("detach looks at and changes the firewall: sudo smm-agent detach (also with --dry-run)");
            return ExitCode.NotPermitted;
        }

        var (systemd, _) = HostUnits.Open(paths.Root, TimeProvider.System);
        using (systemd)
            return options.DryRun ? await PlanAsync(paths, options, systemd, progress, cancel) : await DetachAsync(paths, options, systemd, progress, cancel);
    }

    private static async Task<int> PlanAsync(AgentPaths paths, DetachOptions options, IUnits? systemd, Progress progress, CancellationToken cancel)
    {
        List<string> units = systemd is null ? [] : [.. WaitPlan(paths, systemd, progress), .. new AgentUnits(systemd, progress).DownPlan()];
        var (plan, unseen) = await HostFirewallPass.Create(paths, TimeProvider.System).PlanRemovalAsync(cancel);
        var sidecar = await new SidecarRemoval(paths, systemd, progress).PlanAsync(options.KeepPackages, cancel);
        List<string> token = File.Exists(paths.RenewedToken) ? [$"remove {paths.RenewedToken}"] : [];
        WarnOfSavedRules(paths, progress);
        foreach (var line in units.Concat(sidecar).Concat(token).Concat(plan.Steps.Select(step => $"{step}")))
            progress.Would(line);
        if (unseen is not null)
            progress.Failed(unseen);
        else if (plan.IsEmpty && sidecar.Count == 0 && units.Count == 0 && token.Count == 0)
            progress.Done("nothing to remove");
        return unseen is null ? ExitCode.Done : ExitCode.Failed;
    }

    private static IEnumerable<string> WaitPlan(AgentPaths paths, IUnits systemd, Progress progress) =>
        new HostRollback(paths, systemd, progress).DisarmPlan() is { } line ? [line] : [];

    private static async Task<int> DetachAsync(AgentPaths paths, DetachOptions options, IUnits? systemd, Progress progress, CancellationToken cancel)
    {
        Interruption.IgnoreHangup();
        if (systemd is not null)
        {
            await new HostRollback(paths, systemd, progress).DisarmAsync(cancel);
            if (!await new AgentUnits(systemd, progress).DownAsync(cancel))
                return ExitCode.Failed;
        }

        using var presence = DaemonPresence.Take(paths.StateDirectory);
        if (presence.IsTaken)
        {
            progress.Failed("the daemon runs and would put everything back at once: end it (it is not systemd's), then detach again");
            return ExitCode.Failed;
        }

        // Before the ports are shut, so that the sidecar ends its connections in order; a failure keeps the rest from nothing.
        var sidecar = await new SidecarRemoval(paths, systemd, progress).DetachAsync(options.KeepPackages, cancel);
        var hadToken = File.Exists(paths.RenewedToken);
        if (hadToken)
            File.Delete(paths.RenewedToken);
        var removal = await HostFirewallPass.Create(paths, TimeProvider.System).RemoveAsync(cancel);
        WarnOfSavedRules(paths, progress);
        return Show(removal, sidecar, hadToken, progress) ? ExitCode.Done : ExitCode.Failed;
    }

    private static void WarnOfSavedRules(AgentPaths paths, Progress progress)
    {
        foreach (var file in SavedRuleFiles.FindWithAgentChain(paths.Root))
            progress.Warn($"{file} was saved with the agent's chain: whoever restores it opens the ports again; {SavedRuleFiles.Remediation(file)}");
    }

    /// <param name="sidecar">Whether anything of the sidecar's was undone; null when not all could be.</param>
    /// <param name="hadToken">Whether a renewed token was removed.</param>
    private static bool Show(FirewallRemoval removal, bool? sidecar, bool hadToken, Progress progress)
    {
        var areDone = progress.Steps(removal.Results);
        if (hadToken)
            progress.Done("removed the renewed bearer token");
        if (removal.NotAttemptedReason is { } why)
            progress.Failed(why);
        if (removal.NotAttemptedReason is not null || !areDone || sidecar is null)
            return false;

        progress.Done(removal.Results.Count == 0 && sidecar == false && !hadToken ? "nothing of the agent's was on this host" : "detached");
        return true;
    }
}
