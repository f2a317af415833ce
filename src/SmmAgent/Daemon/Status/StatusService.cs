using Microsoft.Extensions.Logging;
using SmmAgent.Contract;
using SmmAgent.Core.Conditions;
using SmmAgent.Core.Status;
using SmmAgent.Core.Text;
using SmmAgent.Daemon.Loop;
using SmmAgent.Daemon.Reachability;
using SmmAgent.Linux.Systemd;

namespace SmmAgent.Daemon.Status;

/// <summary>What the status says of the agent itself.</summary>
/// <param name="StatusPath">Where status.json is.</param>
/// <param name="Uuid">The uuid towards the dashboard; null until it was made.</param>
public sealed record StatusIdentity(string Version, string StatusPath, Func<Guid?> Uuid);

/// <summary>Says how the agent does: to systemd, to the journal, in status.json, in metrics.</summary>
public sealed class StatusService : LoopService
{
    // A burst of changes is told at most five times a second.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private static readonly TimeSpan MetricsAge = TimeSpan.FromSeconds(1);

    private readonly LoopProgress _progress;
    private readonly AgentStates _states;
    private readonly StatusIdentity _identity;
    private readonly ServiceNotifier _notifier;
    private readonly ILogger _logger;
    private readonly StatusFile _file;
    private readonly DateTimeOffset _startedAt;
    private readonly long _start;
    private readonly ConditionLedger _ledger = new();
    private readonly DebouncedJournal<Condition> _journal = new();
    private readonly GatewayJournal _gateways;
    private readonly ObservableValue<object> _changed = new(new object());
    private volatile string _line = "";
    private volatile bool _isReady;
    private bool _wasAttached;
    private string _hung = "";
    private TimeSpan _wait;
    private readonly Lock _metricsLock = new();
    private (string Text, long At)? _metrics;

    public StatusService(
        LoopContext context,
        AgentStates states,
        StatusIdentity identity,
        ServiceNotifier notifier,
        ILogger<StatusService> logger)
        : base(context)
    {
        (_progress, _states, _identity, _notifier, _logger) = (context.Progress, states, identity, notifier, logger);
        _file = new StatusFile(identity.StatusPath, logger);
        _gateways = new GatewayJournal(logger);
        (_startedAt, _start) = (Time.GetUtcNow(), Time.GetTimestamp());
        states.NotifyOnChange(Signal);
    }

    /// <summary>Whether READY was said: the agent works. It says nothing of the mesh.</summary>
    public bool IsReady => _isReady;

    /// <summary>The conditions as of the last step, in the order of <see cref="ConditionType.All"/>; empty before the first.</summary>
    public IReadOnlyList<Condition> Conditions => _ledger.Current;

    /// <summary>Wakes <paramref name="reader"/> when a condition's status or reason changed.</summary>
    public void NotifyOnConditionChange(Signal reader) => _changed.NotifyOnChange(reader);

    public override Task<TimeSpan> StepAsync(CancellationToken cancel)
    {
        var now = Time.GetUtcNow();
        var snapshot = _states.Snapshot();
        var changes = _ledger.Update(StartupConditions.Evaluate(snapshot, _ledger.Current, now), now);
        _file.Write(AgentStatusBuilder.Build(snapshot, _ledger.Current, Identity(), now));
        var sinceStart = Time.GetElapsedTime(_start);
        foreach (var line in _journal.Update(_ledger.Current.Select(Entry), sinceStart))
            Log(line);
        _gateways.Update(snapshot.Reachability.Gateways);
        NotifySystemd(StatusLine.Write(snapshot, _ledger.Current, now));
        FeedWatchdog();
        if (changes.Count > 0)
            _changed.Publish(new object());

        return Task.FromResult(new[] { _file.DueIn(now), _notifier.Watchdog / 3, _journal.DueIn(sinceStart), StartupConditions.DueIn(snapshot, now) }.Min()!.Value);
    }

    /// <summary>The metrics in Prometheus' text format, made at most once a second: the port is open to whoever reaches it.</summary>
    public string Metrics()
    {
        lock (_metricsLock)
        {
            if (_metrics is { } made && Time.GetElapsedTime(made.At) < MetricsAge)
                return made.Text;

            var text = MakeMetrics();
            _metrics = (text, Time.GetTimestamp());
            return text;
        }
    }

    private string MakeMetrics()
    {
        var snapshot = _states.Snapshot();
        var process = new ProcessFacts(
            _identity.Version, _startedAt, Environment.CpuUsage.TotalTime, Environment.WorkingSet, _progress.Hung().Count);
        return MetricsText.Write(AgentStatusBuilder.Build(snapshot, _ledger.Current, Identity(), Time.GetUtcNow()), snapshot, process);
    }

    /// <summary>Tells systemd of a reload while <paramref name="reload"/> runs; READY follows whatever comes of it.</summary>
    public void Reloading(Action reload)
    {
        if (!_isReady)
        {
            reload(); // READY is still to come: nothing may say it early
            return;
        }

        _notifier.Reloading();
        try
        {
            reload();
        }
        finally
        {
            _notifier.Ready(_line);
        }
    }

    /// <summary>Does the first step, which says READY, before the services that come after it begin: they would only keep the processor from it.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        _wait = await WorkAsync(StepAsync, cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        _file.Remove();
    }

    protected override async Task RunAsync(CancellationToken cancel)
    {
        while (true)
        {
            await Task.Delay(Pause, Time, cancel);
            await Signal.WaitAsync(_wait, Time, cancel);
            _wait = await WorkAsync(StepAsync, cancel);
        }
    }

    private AgentInfo Identity() => new(_identity.Version, _identity.Uuid());

    private JournalEntry<Condition> Entry(Condition condition)
    {
        var state = condition switch
        {
            { Reason: ConditionUpdate.Pending } => JournalState.Pending,
            { Reason: ConditionUpdate.Disabled } => JournalState.Silent,
            { Status: nameof(ConditionStatus.False) } or { Reason: ConditionUpdate.Degraded } =>
                StatusLine.IsExpected(condition.Type, _ledger.Current) ? JournalState.Bad : JournalState.Unknown,
            { Status: nameof(ConditionStatus.True) } => JournalState.Well,
            _ => JournalState.Unknown,
        };
        return new(condition.Type, $"{condition.Status} {condition.Reason}", state, condition);
    }

    private void Log(JournalLine<Condition> line)
    {
        var condition = line.Value;
        var level = Level(line.Level);
        var duration = line.Lasted is { } lasted ? Age.Text(lasted) : null;
        if (duration is not null)
            StatusLog.ConditionRecovered(_logger, condition.Type, condition.Status, condition.Reason, condition.Message, duration);
        else if (line.Unwritten is { } changes)
            StatusLog.ConditionUnsteady(_logger, condition.Type, condition.Status, condition.Reason, condition.Message, changes);
        else
            StatusLog.ConditionChanged(_logger, level, condition.Type, condition.Status, condition.Reason, condition.Message);
    }

    private static LogLevel Level(JournalLevel level) => level switch
    {
        JournalLevel.Debug => LogLevel.Debug,
        JournalLevel.Warning => LogLevel.Warning,
        _ => LogLevel.Information,
    };

    // What could not be sent is sent again with the next step.
    private void NotifySystemd(string line)
    {
        if (!_isReady)
        {
            if (!_notifier.Ready(line))
                return;

            (_line, _isReady) = (line, true);
            StatusLog.Ready(_logger, _identity.Version, line);
        }
        else if (line != _line && _notifier.Status(line))
        {
            _line = line;
        }

        // Warnings of the process before this one have their end in this line.
        if (!_wasAttached && StatusLine.IsAttached(line))
        {
            _wasAttached = true;
            StatusLog.Attached(_logger, line);
        }
    }

    // The sign of life is proof of every loop's progress, this one's included.
    private void FeedWatchdog()
    {
        var hung = string.Join(", ", _progress.Hung());
        if (hung.Length == 0)
            _notifier.SignOfLife();
        if (hung == _hung)
            return;

        _hung = hung;
        if (hung.Length > 0)
            StatusLog.Hung(_logger, hung);
        else
            StatusLog.NoLongerHung(_logger);
    }
}
