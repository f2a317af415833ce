using Microsoft.Extensions.Logging;
using SmmAgent.Core.Conditions;
using SmmAgent.Core.Mesh;
using SmmAgent.Core.Settings;
using SmmAgent.Core.Status;
using SmmAgent.Daemon.Loop;
using SmmAgent.Linux.Dashboard;
using SmmAgent.Linux.State;

namespace SmmAgent.Daemon.Mesh;

/// <summary>Keeps the mesh configuration current. The last good one stays in effect while the dashboard provides no valid one.</summary>
public sealed class MeshConfigService : LoopService
{
    /// <summary>The time that one request waits for a change. Load balancers close connections that are silent for 60 s.</summary>
    public static readonly TimeSpan LongPoll = TimeSpan.FromSeconds(50);

    /// <summary>The request interval for a dashboard that answers each long poll at once with 'not modified'.</summary>
    public static readonly TimeSpan IntervalWithoutLongPoll = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan AfterOneEarlyAnswer = TimeSpan.FromSeconds(1);

    private readonly AgentStates _states;
    private readonly DashboardClients _clients;
    private readonly LastGoodMeshConfig _file;
    private readonly DashboardRetry _retry;
    private readonly ILogger<MeshConfigService> _log;
    private readonly PollPace _pace;
    private GoodMeshConfig? _good;
    private string? _saveFault;
    private string? _loadFault;
    private DashboardTarget? _currentFor;
    private DashboardTarget? _askedFor;
    private bool _wasEarly;
    private LongPollWait _longPoll;
    private (TimeSpan Wait, TimeSpan After)? _cut;

    public MeshConfigService(
        LoopContext context,
        AgentStates states,
        DashboardClients clients,
        LastGoodMeshConfig file,
        DashboardRetry retry,
        ILogger<MeshConfigService> log)
        : base(context)
    {
        (_states, _clients, _file, _retry, _log) = (states, clients, file, retry, log);
        _pace = new PollPace(context.Time);
        _longPoll = new LongPollWait(LongPoll, context.Time);
        states.Settings.NotifyOnChange(Signal);
    }

    protected override TimeSpan StepBudget => LongPoll + DashboardClient.Deadline + TimeSpan.FromSeconds(10);

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        // The firewall and the other services can work before the dashboard has answered.
        UseLastGood(_states.Settings.Value);
        if (_good is not null)
        {
            Publish(ConditionUpdate.Unknown(
                ConditionType.ConfigCurrent,
                ConditionUpdate.Pending,
                "no request was sent to the dashboard yet" + ConfigConditions.Meanwhile(_good)));
        }

        await base.StartAsync(cancellationToken);
    }

    public override async Task<TimeSpan> StepAsync(CancellationToken cancel) =>
        (await AttemptAsync(cancel)).Wait ?? DashboardRetry.FirstDelay;

    protected override async Task RunAsync(CancellationToken cancel)
    {
        while (true)
        {
            // The round that starts now covers every earlier signal.
            await Signal.WaitAsync(TimeSpan.Zero, Time, cancel);
            using var round = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            var keep = KeepCurrentAsync(round.Token);
            await Task.WhenAny(keep, Signal.WaitAsync(Timeout.InfiniteTimeSpan, Time, round.Token));
            await round.CancelAsync();
            try
            {
                await keep; // the request ends before the next one begins
            }
            catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
            {
            }

        }
    }

    private async Task KeepCurrentAsync(CancellationToken cancel)
    {
        while (true)
        {
            var attempt = await _retry.UntilGoodAsync(token => WorkAsync(AttemptAsync, token), cancel);
            await Task.Delay(attempt.Wait ?? Timeout.InfiniteTimeSpan, Time, cancel);
        }
    }

    /// <summary>Sends one request.</summary>
    private async Task<Attempt> AttemptAsync(CancellationToken cancel)
    {
        var settings = _states.Settings.Value;
        UseLastGood(settings);
        if (_clients.For(settings) is not { } client)
        {
            Publish(ConfigConditions.NotConfigured(settings, _good));
            return new Attempt(Failed: false, Wait: null);
        }

        // The first answer comes at once, so that the condition is known; after that the dashboard holds the request.
        var wait = _good is not null && _currentFor == client.Target ? _longPoll.Next() : TimeSpan.Zero;
        if (_askedFor != client.Target)
            (_longPoll, _cut, _askedFor) = (new(LongPoll, Time), null, client.Target);
        _currentFor = null;
        var started = Time.GetTimestamp();
        var result = await client.GetMeshConfigAsync(_good?.ETag, wait, cancel);
        if (result.Failure is { } failure)
        {
            // A short request shows whether only the wait was too long for a device in between.
            _cut = IsCut(failure, wait, Time.GetElapsedTime(started)) ? (wait, Time.GetElapsedTime(started)) : null;
            _states.Counters.Add(_cut is null ? CountedEvent.ConfigurationFailed : CountedEvent.ConfigurationCutOff);
            if (_cut is not null)
                return new Attempt(Failed: false, TimeSpan.Zero);

            Publish(ConfigConditions.Failed(settings, failure, client.Target, _good));
            return new Attempt(Failed: true, FailureText.RetryAfter(failure));
        }

        _currentFor = client.Target;
        Learn(wait);
        _states.Counters.Add(
            result.Value is MeshConfigAnswer.Changed ? CountedEvent.ConfigurationChanged : CountedEvent.ConfigurationNotModified);
        if (result.Value is MeshConfigAnswer.Changed { Good: var body })
            Take(body, client.Target);
        else if (_saveFault is not null)
            Save();
        Publish(ConfigConditions.Current(settings, _good!, _saveFault));
        var pace = _pace.Count();
        var early = result.Value is MeshConfigAnswer.NotModified && wait > TimeSpan.Zero
            ? (wait < IntervalWithoutLongPoll ? wait : IntervalWithoutLongPoll) - Time.GetElapsedTime(started)
            : TimeSpan.Zero;

        // A dashboard that shuts down answers early once; one that ignores the wait does so repeatedly.
        if (early > TimeSpan.Zero && !_wasEarly)
            early = AfterOneEarlyAnswer;
        _wasEarly = early > TimeSpan.Zero;
        return new Attempt(Failed: false, early > pace ? early : pace);
    }

    /// <summary>Whether a device between this VM and the dashboard may have cut off a request because it was open for long.</summary>
    private static bool IsCut(DashboardFailure failure, TimeSpan wait, TimeSpan after) =>
        wait > TimeSpan.Zero && after >= LongPollWait.Minimum && failure
        is DashboardFailure.ServerError { Front: not null }
        or DashboardFailure.Refused { Status: 408 or 499, Front: not null }
        or DashboardFailure.Unreachable { Reason: UnreachableReason.Disconnected or UnreachableReason.TimedOut };

    private void Learn(TimeSpan wait)
    {
        if (_cut is var (cutWait, after) && _longPoll.WasCut(cutWait, after))
        {
            var (seconds, shorter) = ((int)after.TotalSeconds, (int)_longPoll.Next().TotalSeconds);
            _log.WaitsShorter(seconds, shorter);
        }

        _cut = null;
        _longPoll.Worked(wait);
    }

    private void Take(GoodBody body, DashboardTarget from)
    {
        // The same bytes with another ETag are not a change.
        var isSame = _good is not null && _good.Body.AsSpan().SequenceEqual(body.Body);
        _good = new GoodMeshConfig(isSame ? _good!.Config : body.Config, body.Body, body.ETag, from, Time.GetUtcNow());
        _log.Received(from.Group, from.Url, body.ETag);
        Save();
    }

    private void Save()
    {
        var fault = _file.Save(_good!);
        if (fault is not null && fault != _saveFault)
            _log.NotSaved(fault);
        _saveFault = fault;
    }

    /// <summary>Ensures that the configuration in effect is for the dashboard and WorkloadGroup of the settings.</summary>
    private void UseLastGood(SettingsState settings)
    {
        var target = DashboardTarget.From(settings.Settings);
        // Unreadable settings must not detach the VM from the mesh: then the target in the file counts.
        bool IsFitting(GoodMeshConfig good) => target is null ? settings.Errors.Count > 0 : good.From == target;
        if (_good is not null && IsFitting(_good))
            return;

        var (found, fault) = _file.Load();
        if (found is not null && !IsFitting(found))
        {
            fault = $"it is for {found.From.Group} of {found.From.Url}";
            found = null;
        }

        if (fault is not null && (_good is not null || fault != _loadFault))
            _log.LastGoodIgnored(fault);
        (_good, _loadFault) = (found, fault);
    }

    private void Publish(ConditionUpdate finding) =>
        _states.Mesh.Publish(new MeshConfigState(_good?.Config, _good?.CameOverVerifiedHttps ?? false, finding)
        {
            ReceivedAt = _good?.ReceivedAt,
        });
}
