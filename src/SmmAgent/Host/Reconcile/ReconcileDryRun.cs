using SmmAgent.Core.Firewall.State;
using SmmAgent.Core.Planning;
using SmmAgent.Core.Settings;

namespace SmmAgent.Host.Reconcile;

/// <summary>Prints the plan of a reconcile and changes nothing.</summary>
internal sealed class ReconcileDryRun(HostContext host, ReconcileOptions options)
{
    /// <summary>The command that explains why there is no mesh configuration from the dashboard.</summary>
    public const string FindCause = "find the cause: sudo smm-agent check dashboard";

    private Progress Progress => host.Progress;

    /// <returns>An exit code.</returns>
    public async Task<int> RunAsync(ReconcileWork work, CancellationToken cancel)
    {
        var (settings, desired) = (work.Settings, DesiredFirewall.From(work.Settings, work.Config));
        var report = await host.Firewall.DryRunAsync(desired, cancel, options.Owner);
        var unreadable = report.Observed.Filters.Where(filter => filter.State.UnknownReason is not null).ToList();
        foreach (var filter in unreadable)
            Progress.Warn($"{filter.Tool} cannot be read: {filter.State.UnknownReason}");
        if (unreadable.Count > 0 && unreadable.Count == report.Observed.Filters.Count)
            return host.IsPrivileged ? ExitCode.Failed : ExitCode.NotPermitted;

        var plan = settings.FirewallMode == ManagementMode.Manage ? report.Remaining : Plan.Nothing;
        var start = host.Units is { } systemd && !options.HostOnly
            ? new AgentUnits(systemd, Progress, host.Time).StartPlan(enable: options.ConfirmWithin is null)
            : null;
        if (options.ConfirmWithin is { } within)
            Progress.Would($"would arm a rollback within={within.TotalSeconds}s");
        foreach (var step in plan.Steps)
            Progress.Would($"{step}", ProgressLine.Firewall);
        if (settings.FirewallMode == ManagementMode.Check)
            ManualPorts.Report(Progress, desired, report);
        var hasMore = work.Config is { } config && await new SidecarReconcile(host, options).PlanAsync(settings, config, cancel);
        if (start is not null)
            Progress.Would(start);
        else if (plan.IsEmpty && !hasMore && settings.Uuid is not null)
            Progress.Done("nothing to do");
        if (!work.IsCurrent)
            Progress.Failed($"the plan is not complete without a mesh configuration from the dashboard; {FindCause}");
        return ExitCode.Done;
    }
}
