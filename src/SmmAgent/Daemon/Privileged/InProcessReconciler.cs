using Microsoft.Extensions.Logging;
using SmmAgent.Core.Settings;
using SmmAgent.Daemon.HostChanges;
using SmmAgent.Daemon.Loop;
using SmmAgent.Linux.Commands;
using SmmAgent.Linux.Events;

namespace SmmAgent.Daemon.Privileged;

/// <summary>Answers requests for root's part where the daemon itself is root, as in a container: no unit of systemd's is there to do it.</summary>
/// <remarks>It is the same command in a process of its own, at most once in <see cref="Rest"/>.</remarks>
public sealed class InProcessReconciler(LoopContext context, AgentPaths paths, ObservableValue<EventSourcesState> events, CommandRunner commands, ILogger<InProcessReconciler> log)
    : LoopService(context)
{
    /// <summary>As long as smm-agent-reconcile-request.service rests.</summary>
    public static readonly TimeSpan Rest = TimeSpan.FromSeconds(10);

    /// <summary>How often it looks for a request while no event tells of one.</summary>
    public static readonly TimeSpan Poll = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan Never = TimeSpan.FromHours(1);

    /// <summary>As long as systemd gives smm-agent-reconcile.service.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromHours(1);

    protected override TimeSpan StepBudget => Limit + TimeSpan.FromMinutes(1);

    public override async Task<TimeSpan> StepAsync(CancellationToken cancel)
    {
        if (!File.Exists(paths.ReconcileRequest))
            return (events.Value.Blind & HostChange.ReconcileRequest) == 0 ? Never : Poll;

        // First, so that a request that comes meanwhile is one more.
        File.Delete(paths.ReconcileRequest);
        string[] root = paths.Root == "/" ? [] : ["--root", paths.Root];
        var result = await commands.RunAsync([Environment.ProcessPath!, .. root, "reconcile", "--host-only"], cancel, timeout: Limit, keepsEnd: true);
        var line = result.Output.TrimEnd().Split('\n')[^1];
        InProcessReconcilerLog.Ended(log, result.Succeeded ? LogLevel.Information : LogLevel.Warning, line);
        await Task.Delay(Rest, Time, cancel);
        return Rest;
    }
}

internal static partial class InProcessReconcilerLog
{
    [LoggerMessage(EventId = 5003, Message = "Privileged reconcile, run by this process because it is root: {Result}")]
    public static partial void Ended(ILogger logger, LogLevel level, string result);
}
