using Microsoft.Extensions.Logging;
using SmmAgent.Core.Settings;
using SmmAgent.Daemon.HostChanges;
using SmmAgent.Daemon.Loop;
using SmmAgent.Linux.Commands;
using SmmAgent.Linux.Events;

namespace SmmAgent.Daemon.Privileged;

/// <summary>Answers reconcile requests if the daemon itself runs as root, as in a container, where no systemd unit answers them.</summary>
/// <remarks>It runs the same command in a separate process, at most once in <see cref="Rest"/>.</remarks>
public sealed class InProcessReconciler(
    LoopContext context,
    AgentPaths paths,
    ObservableValue<EventSourcesState> events,
    CommandRunner commands,
    ILogger<InProcessReconciler> log) : LoopService(context)
{
    /// <summary>The pause after a run, as long as that of smm-agent-reconcile-request.service.</summary>
    public static readonly TimeSpan Rest = TimeSpan.FromSeconds(10);

    /// <summary>The poll interval while no event reports a request.</summary>
    public static readonly TimeSpan Poll = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan Never = TimeSpan.FromHours(1);

    /// <summary>The time limit of a run, as long as that of smm-agent-reconcile.service.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromHours(1);

    protected override TimeSpan StepBudget => Limit + TimeSpan.FromMinutes(1);

    public override async Task<TimeSpan> StepAsync(CancellationToken cancel)
    {
        if (!File.Exists(paths.ReconcileRequest))
            return (events.Value.Blind & HostChange.ReconcileRequest) == 0 ? Never : Poll;

        // Deleted first, so that a request during the run is a new one.
        File.Delete(paths.ReconcileRequest);
        string[] root = paths.Root == "/" ? [] : ["--root", paths.Root];
        string[] command = [Environment.ProcessPath!, .. root, "reconcile", "--host-only"];
        var result = await commands.RunAsync(command, cancel, timeout: Limit, keepsEnd: true);
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
