using System.Net;
using Microsoft.Extensions.Logging;
using SmmAgent.Core.Conditions;
using SmmAgent.Core.Firewall.Diagnosis;
using SmmAgent.Core.Firewall.Evaluation;
using SmmAgent.Core.Firewall.Planning;
using SmmAgent.Core.Firewall.State;
using SmmAgent.Core.Mesh;
using SmmAgent.Core.Planning;
using SmmAgent.Core.Reachability;
using SmmAgent.Core.Settings;
using SmmAgent.Core.Status;
using SmmAgent.Daemon.HostChanges;
using SmmAgent.Daemon.Loop;
using SmmAgent.Daemon.Privileged;
using SmmAgent.Linux.Events;
using SmmAgent.Linux.Firewall;
using SmmAgent.Linux.Host;

namespace SmmAgent.Daemon.Firewall;

/// <summary>The state that the firewall service reads and publishes.</summary>
public sealed record FirewallStates(
    ObservableValue<SettingsState> Settings,
    ObservableValue<MeshConfigState> Mesh,
    ObservableValue<EventSourcesState> Events,
    ObservableValue<PortsState> Ports)
{
    /// <summary>Returns the name servers of this host.</summary>
    public Func<IReadOnlyList<IPAddress>> NameServers { get; init; } = () => [];

    public EventCounters Counters { get; init; } = new();

    /// <summary>Whether a privileged reconcile is running now.</summary>
    public Func<bool> IsReconcileRunning { get; init; } = () => false;
}

/// <summary>Keeps the ports of the agent and of the WorkloadGroup open in the host's firewall, and reports whether they are open.</summary>
/// <remarks>
/// Events of the kernel and of firewalld trigger a step. The service's own changes also raise such events, which costs one more
/// observation.
/// Without events, it starts no command except for a slow poll.
/// </remarks>
public sealed class FirewallService : LoopService
{
    /// <summary>The interval where the kernel reports every change.</summary>
    public static readonly TimeSpan SlowPoll = TimeSpan.FromMinutes(10);

    /// <summary>The interval where only the opening of a lock file is reported, or nothing is.</summary>
    public static readonly TimeSpan Poll = TimeSpan.FromSeconds(60);

    /// <summary>The interval after a failure that may end soon, such as a held lock.</summary>
    public static readonly TimeSpan RetryAfterFailure = TimeSpan.FromSeconds(10);

    // An observation of more rules than this releases its memory at once.
    private const int LargeRules = 2000;

    private readonly FirewallStates _states;
    private readonly FirewallReconciler _reconciler;
    private readonly ReconcileRequest _root;
    private readonly ILogger<FirewallService> _logger;
    private readonly RepairPacing _pacing = new();
    private readonly ObservationPacing _looks = new();
    private readonly long _start;
    private long? _firstRequest;
    private volatile bool _doSetsDecide;
    private bool _wasLarge;
    private bool _hasRootAnswered;

    public FirewallService(
        LoopContext context, FirewallStates states, FirewallReconciler reconciler, ReconcileRequest root, ILogger<FirewallService> logger)
        : base(context)
    {
        (_states, _reconciler, _root, _logger, _start) = (states, reconciler, root, logger, context.Time.GetTimestamp());
        states.Settings.NotifyOnChange(Signal);
        states.Mesh.NotifyOnChange(Signal);
        states.Events.NotifyOnChange(Signal);
    }

    /// <summary>Set when another program changed the agent's own rules, which are then observed at once.</summary>
    public Signal OwnRulesChanged { get; } = new();

    /// <summary>Whether a set decides about a port, so that changes of its elements matter.</summary>
    public bool DoSetsDecide => _doSetsDecide;

    /// <summary>Set when firewalld reported a change.</summary>
    public Signal FirewalldChanged { get; } = new();

    // Not the time of day: a clock that is set back by an hour would count the repairs of an hour as those of one minute.
    private DateTimeOffset PacingTime => DateTimeOffset.UnixEpoch + Time.GetElapsedTime(_start);

    // A step includes the pause while another program undoes repairs. Every command has its own timeout.
    protected override TimeSpan StepBudget => TimeSpan.FromMinutes(2);

    protected override async Task RunAsync(CancellationToken cancel)
    {
        while (true)
        {
            var wait = await WorkAsync(StepAsync, cancel);
            if (_wasLarge)
            {
                // The step may have completed on this stack, whose frames still refer to all rules.
                await Task.Yield();
                ProcessMemory.GiveBack();
            }

            await Signal.WaitAsync(wait, Time, cancel);
            if (_looks.WaitAt(Time.GetElapsedTime(_start)) is var pause && pause > TimeSpan.Zero)
                await OwnRulesChanged.WaitAsync(pause, Time, cancel);
        }
    }

    public override async Task<TimeSpan> StepAsync(CancellationToken cancel)
    {
        // The firewall mode and the agent's own ports are unknown, so nothing is changed.
        if (_states.Settings.Value.AreUnknown)
        {
            Publish(new([], ConditionUpdate.Unknown(ConditionType.PortsOpen, ConditionUpdate.NotConfigured, SettingsState.UnknownReason)));
            return SlowPoll;
        }

        var mode = _states.Settings.Value.Settings.FirewallMode;
        if (mode == ManagementMode.Off)
        {
            Publish(new([], ConditionUpdate.Unknown(
                ConditionType.PortsOpen, ConditionUpdate.Disabled, "firewall.mode is off in agent.yaml")));
            return SlowPoll;
        }

        if (mode == ManagementMode.Manage && _pacing.WaitBefore(PacingTime) is var pause && pause > TimeSpan.Zero)
            await Task.Delay(pause, Time, cancel);

        // Read after the pause, so that changes during the pause count.
        var start = Time.GetElapsedTime(_start);
        await OwnRulesChanged.WaitAsync(TimeSpan.Zero, Time, cancel);
        var desired = DesiredFirewall.From(_states.Settings.Value.Settings, _states.Mesh.Value.Config);
        var report = mode == ManagementMode.Manage ? await _reconciler.ApplyAsync(desired, cancel)
            : await _reconciler.DryRunAsync(desired, cancel);
        var ports = PortsDiagnosis.Evaluate(desired, report, manages: mode == ManagementMode.Manage) with
        {
            OwnTraffic = OwnTraffic.Evaluate(OwnConnections(), report.Observed).Blockers,
        };
        if (await FirewalldChanged.WaitAsync(TimeSpan.Zero, Time, cancel))
            _root.ResetDelays();
        _looks.Observed(start, Time.GetElapsedTime(_start));
        _wasLarge = report.Observed.Rules > LargeRules;
        _doSetsDecide = report.Observed.Nft?.Value?.DecidingSets.Count > 0;
        var again = mode == ManagementMode.Manage ? _root.Request(PrivilegedWork(report, ports.PortsOpen)) : null;
        ports = ports with { IsFirstReconcilePending = again is not null && IsFirstAnswerDue() };
        Publish(LogRepairs(report) is { } fighting ? ports with { PortsOpen = fighting } : ports);
        var wait = WaitAfter(report);
        return again < wait ? again.Value : wait;
    }

    private bool IsFirstAnswerDue()
    {
        _firstRequest ??= Time.GetTimestamp();
        _hasRootAnswered |= Time.GetElapsedTime(_firstRequest.Value) >= ReconcileRequest.FirstAnswer
            || !(_root.IsPending || _states.IsReconcileRunning());
        return !_hasRootAnswered;
    }

    private List<OwnConnection> OwnConnections()
    {
        List<OwnConnection> connections = [];
        if (_states.Settings.Value.Settings.DashboardUrl is { } dashboard)
            connections.Add(To(dashboard.IdnHost.Trim('[', ']'), dashboard.Port));
        if (_states.Mesh.Value.Config is { } config)
            connections.AddRange(ReachabilityPlan.AllTargets(config).Select(target => To(target.Host, target.Port)));
        if (connections.Count > 0)
            connections.AddRange(_states.NameServers().Select(OwnConnection.Dns));
        return connections.Distinct().ToList();
    }

    private static OwnConnection To(string host, int port) =>
        new(Transport.Tcp, IPAddress.TryParse(host, out var address) ? address : null, port);

    // If only root can read firewalld, no step can be left to root. An interface or a source that moves to another zone is visible only in
    // firewalld's own table, which then blocks the port or cannot be evaluated.
    private static List<string> PrivilegedWork(FirewallReport report, ConditionUpdate open)
    {
        var left = report.Results.Where(result => result.Outcome == StepOutcome.LeftToPrivilegedReconcile)
            .Select(result => $"{result.Step}").ToList();
        return left.Count == 0 && open.Reason == PortsDiagnosis.FirewalldNotOurs ? ["read which ports firewalld allows"] : left;
    }

    /// <summary>Logs the repairs.</summary>
    /// <returns>The condition if another program keeps undoing the repairs; otherwise null.</returns>
    private ConditionUpdate? LogRepairs(FirewallReport report)
    {
        var now = PacingTime;
        foreach (var step in report.Done)
        {
            FirewallLog.Repaired(_logger, step);
            _states.Counters.Add(CountedEvent.FirewallRepaired);
        }

        if (report.Done.FirstOrDefault() is not { } repaired)
            return _pacing.IsInConflict(now) ? _states.Ports.Value.PortsOpen : null;

        _pacing.Repaired(now);
        return _pacing.IsInConflict(now)
            ? ConditionUpdate.False(
                ConditionType.PortsOpen,
                "Fighting",
                $"another program keeps undoing the agent's rules (last: {repaired}), so they are put back only every "
                + $"{RepairPacing.ConflictPause.TotalSeconds:0} s: find it with nft monitor and stop it, or set firewall.mode to check")
            : null;
    }

    private TimeSpan WaitAfter(FirewallReport report)
    {
        if (_pacing.IsInConflict(PacingTime))
            return RepairPacing.ConflictPause;
        if (report.NotAttemptedReason is not null
            || report.Results.Any(result => result.Outcome is StepOutcome.Failed or StepOutcome.LockHeld))
        {
            return RetryAfterFailure;
        }

        return _reconciler.HasKernelEvents && (_states.Events.Value.Blind & HostChange.Firewall) == 0 ? SlowPoll : Poll;
    }

    private void Publish(PortsState state)
    {
        // The lists of two observations are never the same object, so their contents are compared before readers are notified.
        var current = _states.Ports.Value;
        if (current.PortsOpen != state.PortsOpen
            || !current.Ports.SequenceEqual(state.Ports)
            || !current.OwnTraffic.SequenceEqual(state.OwnTraffic)
            || current.IsFirstReconcilePending != state.IsFirstReconcilePending)
        {
            _states.Ports.Publish(state);
        }
    }
}
