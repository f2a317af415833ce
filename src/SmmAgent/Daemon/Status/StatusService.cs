using Microsoft.Extensions.Logging;
using SmmAgent.Contract;
using SmmAgent.Core.Conditions;
using SmmAgent.Core.Status;
using SmmAgent.Core.Text;
using SmmAgent.Daemon.Loop;
using SmmAgent.Daemon.Reachability;
using SmmAgent.Linux.Host;
using SmmAgent.Linux.Systemd;

namespace SmmAgent.Daemon.Status;

/// <summary>The facts about the agent itself.</summary>
/// <param name="StatusPath">The path of status.json.</param>
/// <param name="Uuid">The uuid at the dashboard; null before it is created.</param>
public sealed record StatusIdentity(string Version, string StatusPath, Func<Guid?> Uuid);

/// <summary>Reports the state of the agent to systemd and the journal, in status.json and as metrics.</summary>
public sealed class StatusService : LoopService
{
    // A burst of changes is reported at most five times a second.
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
    private readonly AttachmentLedger _attachment = new();
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

    /// <summary>Whether READY was sent: the agent works. It does not imply anything about the mesh.</summary>
    public bool IsReady => _isReady;

    /// <summary>The conditions of the last step, in the order of <see cref="ConditionType.All"/>; empty before the first step.</summary>
    public IReadOnlyList<Condition> Conditions => _ledger.Current;

    /// <summary>Sets <paramref name="reader"/> when the status or reason of a condition changes.</summary>
    public void NotifyOnConditionChange(Signal reader) => _changed.NotifyOnChange(reader);

    public override Task<TimeSpan> StepAsync(CancellationToken cancel)
    {
        var now = Time.GetUtcNow();
        var snapshot = _states.Snapshot();
        var changes = _ledger.Update(StartupConditions.Evaluate(snapshot, _ledger.Current, now), now);
        var attachment = SnapshotAttachment.Evaluate(snapshot, _ledger.Current);
        _file.Write(AgentStatusBuilder.Build(snapshot, _ledger.Current, Identity(), now, _attachment.Update(attachment, now)));
        var sinceStart = Time.GetElapsedTime(_start);
        foreach (var line in _journal.Update(_ledger.Current.Select(Entry), sinceStart))
            Log(line);
        _gateways.Update(snapshot.Reachability.Gateways);
        NotifySystemd(StatusLine.Write(snapshot, attachment, now));
        FeedWatchdog();
        if (changes.Count > 0)
            _changed.Publish(new object());

        TimeSpan?[] due = [_file.DueIn(now), _notifier.Watchdog / 3, _journal.DueIn(sinceStart), StartupConditions.DueIn(snapshot, now)];
        return Task.FromResult(due.Min()!.Value);
    }

    /// <summary>
    /// The metrics in the text format of Prometheus, created at most once a second, because every client may request them.
    /// </summary>
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
        var process = new ProcessFacts
        {
            Version = _identity.Version,
            StartedAt = _startedAt,
            Usage = ProcessUsageObserver.Observe(),
            HungLoops = _progress.Hung().Count,
        };
        return MetricsText.Write(AgentStatusBuilder.Build(snapshot, _ledger.Current, Identity(), Time.GetUtcNow()), snapshot, process);
    }

    /// <summary>Notifies systemd of a reload while <paramref name="reload"/> runs; READY follows also if the reload fails.</summary>
    public void Reloading(Action reload)
    {
        if (!_isReady)
        {
            reload(); // READY is not sent yet, and must not be sent early
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

    /// <summary>Runs the first step, which sends READY, before the later services start and use the processor.</summary>
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
                AttachmentRule.IsExpected(condition.Type, _ledger.Current) ? JournalState.Bad : JournalState.Unknown,
            { Status: nameof(ConditionStatus.True) } => JournalState.Well,
            _ => JournalState.Unknown,
        };
        return new(condition.Type, $"{condition.Status} {condition.Reason}", state, condition);
    }

    private void Log(JournalLine<Condition> line)
    {
        var condition = line.Value;
        var level = Level(line.Level);
        var hint = Hint(level, condition);
        var duration = line.Lasted is { } lasted ? Age.Text(lasted) : null;
        if (duration is not null)
            StatusLog.ConditionRecovered(_logger, condition.Type, condition.Status, condition.Reason, condition.Message, duration);
        else if (line.Unwritten is { } changes)
            StatusLog.ConditionUnsteady(_logger, condition.Type, condition.Status, condition.Reason, condition.Message, changes);
        else
            StatusLog.ConditionChanged(_logger, level, condition.Type, condition.Status, condition.Reason, condition.Message, hint);
    }

    // A warning names the command that explains it, because it may be all that an operator sees.
    private static string Hint(LogLevel level, Condition condition) =>
        level == LogLevel.Warning ? $"; see: smm-agent explain {condition.Reason}" : "";

    private static LogLevel Level(JournalLevel level) => level switch
    {
        JournalLevel.Debug => LogLevel.Debug,
        JournalLevel.Warning => LogLevel.Warning,
        _ => LogLevel.Information,
    };

    // A notification that could not be sent is sent again with the next step.
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

        // This message ends the warnings of the previous process.
        if (!_wasAttached && StatusLine.IsAttached(line))
        {
            _wasAttached = true;
            StatusLog.Attached(_logger, line);
        }
    }

    // The watchdog notification proves the progress of every loop, including this one.
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
