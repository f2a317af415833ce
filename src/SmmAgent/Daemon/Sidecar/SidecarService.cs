using Microsoft.Extensions.Logging;
using SmmAgent.Contract;
using SmmAgent.Core.Conditions;
using SmmAgent.Core.Packages;
using SmmAgent.Core.Planning;
using SmmAgent.Core.Settings;
using SmmAgent.Core.Sidecar.Configuration;
using SmmAgent.Core.Sidecar.Planning;
using SmmAgent.Core.Sidecar.Status;
using SmmAgent.Core.Tokens;
using SmmAgent.Daemon.Loop;
using SmmAgent.Daemon.Privileged;
using SmmAgent.Linux.Sidecar;

namespace SmmAgent.Daemon.Sidecar;

/// <summary>What the sidecar's service looks with.</summary>
public sealed record SidecarSources(SidecarObserver Observer, SidecarHostContext Surroundings, SidecarRecords Records, ReconcileActivity Root);

/// <summary>Looks at the sidecar, says how it is, and asks for root's part where something is to be done.</summary>
/// <remarks>
/// Events of systemd, of files and of the package database wake it; whether the sidecar is ready, and what names resolve to, nobody tells: it
/// asks for that now and then.
/// </remarks>
public sealed class SidecarService : LoopService
{
    /// <summary>How often is looked while all is well.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);

    /// <summary>How often while the sidecar is away, or not registered.</summary>
    public static readonly TimeSpan IntervalWhileBad = TimeSpan.FromSeconds(10);

    /// <summary>How often while it is on its way.</summary>
    public static readonly TimeSpan IntervalAtStart = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan Start = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan Never = TimeSpan.FromHours(1);

    private static readonly TimeSpan AtOnce = TimeSpan.FromMilliseconds(1);

    private readonly AgentStates _states;
    private readonly SidecarSources _sight;
    private readonly ReconcileRequest _root;
    private readonly string _version;
    private readonly ReconcileFailureJournal _failures;
    private Package? _offered;
    private long? _firstWanted;
    private bool _wasCurrent;
    private volatile bool _isBack;

    /// <param name="version">This agent's own.</param>
    public SidecarService(
        LoopContext context,
        AgentStates states,
        SidecarSources sight,
        ReconcileRequest root,
        string version,
        ILogger<SidecarService> logger)
        : base(context)
    {
        (_states, _sight, _root, _version, _failures) = (states, sight, root, version, new(context.Time, logger));
        states.Settings.NotifyOnChange(Signal);
        states.Mesh.NotifyOnChange(Signal);
        states.Address.NotifyOnChange(Signal);
        states.Cluster.NotifyOnChange(Signal);
    }

    public override async Task<TimeSpan> StepAsync(CancellationToken cancel)
    {
        var settings = _states.Settings.Value.Settings;
        if (settings.Sidecar.Mode == ManagementMode.Off)
        {
            _states.Sidecar.Publish(new(SidecarConditions.Unknown(ConditionUpdate.Disabled, "sidecar.mode is off in agent.yaml")));
            _failures.Update(_sight.Records.Report()?.Failures ?? []);
            var again = settings.SelfUpgrade && _states.Mesh.Value.Config is { } mesh ? _root.Request(Wanted(await InputsAsync(settings, mesh, cancel), null)) : null;
            return Least(Never, again, _failures.Due);
        }

        if (_states.Mesh.Value.Config is not { } config)
        {
            _states.Sidecar.Publish(new(SidecarConditions.Unknown(ConditionUpdate.NotConfigured, "there is no mesh configuration yet: ConfigCurrent says why")));
            return Never;
        }

        var inputs = await InputsAsync(settings, config, cancel);
        var isRootAtWork = _sight.Root.IsAtWork();
        var looked = Time.GetUtcNow();
        var look = await _sight.Observer.AssessAsync(inputs, _sight.Records.Report(), looked, random: 0.5, cancel);
        isRootAtWork |= _sight.Root.IsAtWork();
        // A package manager at work: neither a condition nor a request may come of what is there for a moment.
        if (isRootAtWork && look.Observed.Package.Value is { IsPartiallyInstalled: true })
            return IntervalAtStart;

        _failures.Update(look.Failures);
        // Nothing but the dashboard's answer was missing.
        if (IsDashboardBack() && look.Failures.All(failure => failure.IsOfDashboard))
            _root.RequestAgain();
        if (look.Desired.Package.Package != _offered)
            Forget(look.Desired.Package.Package);
        var unit = look.Observed.Unit.Value;
        var wanted = Wanted(inputs, look);
        _states.Sidecar.Publish(new(SidecarConditions.Evaluate(look))
        {
            Version = look.Version,
            Token = look.Observed.Token,
            Unit = unit,
            Failure = look.Observed.Failure,
            RefusedToken = look.RefusedToken,
            IsReconcileDue = settings.Sidecar.Mode == ManagementMode.Manage && (isRootAtWork || IsFirstAnswerDue(wanted)),
            IsFailing = look.CrashLoop is { Failures: > 0 } or { Holds: > 0 },
        });

        var wait = unit is { Activity: UnitActivity.Running, IsReady: true } && IsRegistered ? Interval
            : unit?.Since is { } since && Time.GetUtcNow() - since < Start ? IntervalAtStart
            : IntervalWhileBad;
        return Least(wait, isRootAtWork ? IntervalAtStart : _root.Request(wanted), _failures.Due, Left(NextVerdict(look.Observed.Token)), Left(look.CrashLoop.HeldUntil), Left(NextWindow(settings, looked)));

        // What became due during the look was not seen by it.
        TimeSpan? Left(DateTimeOffset? due) => due is { } at && at > looked ? TimeSpan.FromTicks(Math.Max((at - Time.GetUtcNow()).Ticks, AtOnce.Ticks)) : null;
    }

    /// <summary>The dashboard is back: what root could not do without it is asked for again at once.</summary>
    public void Retry()
    {
        _isBack = true;
        Signal.Set();
    }

    // Also where nobody noticed that it was away.
    private bool IsDashboardBack()
    {
        var isCurrent = _states.Mesh.Value.ConfigCurrent.Status == ConditionStatus.True;
        var isBack = _isBack || (isCurrent && !_wasCurrent);
        (_isBack, _wasCurrent) = (false, isCurrent);
        return isBack;
    }

    // Another package than the one that failed may do.
    private void Forget(Package? offered)
    {
        _offered = offered;
        _root.RequestAgain();
    }

    private Task<SidecarInputs> InputsAsync(AgentSettings settings, MeshConfig config, CancellationToken cancel) =>
        _sight.Surroundings.ReadAsync(settings, config, _states.Address.Value.Address?.Value, cancel);

    // Root's report is gone with a restart of the host: until there is one, root has not ended its first pass.
    private bool IsFirstAnswerDue(List<string> wanted)
    {
        if (wanted.Count == 0 || _sight.Records.Report() is not null)
        {
            _firstWanted = null;
            return false;
        }

        _firstWanted ??= Time.GetTimestamp();
        return Time.GetElapsedTime(_firstWanted.Value) < ReconcileRequest.FirstAnswer;
    }

    /// <returns>What there is for root to do.</returns>
    private List<string> Wanted(SidecarInputs inputs, SidecarAssessment? look)
    {
        List<string> wanted = [];
        if (look is { Settings.Mode: ManagementMode.Manage })
            wanted.AddRange(look.Plan.Steps.Select(Wanted));
        wanted.AddRange(look?.Observed.PendingRootReads ?? []);
        if (look is { Settings.Mode: ManagementMode.Manage, ClearsFailureRecord: true })
            wanted.Add("clear the record of failed starts");
        if (inputs is { Settings.SelfUpgrade: true, Packages: { } host }
            && PackageChoice.ForAgent(inputs.Config, host, _version) is { Outcome: PackageOutcome.Install } newer)
            wanted.Add(newer.Reason);
        return wanted;
    }

    // Until which time it is held back is root's to say: what this look makes of it is another at the next.
    private static string Wanted(PlanStep step) => step switch
    {
        StopSidecar => "stop istio.service, which keeps failing",
        RemoveCapture => "remove the sidecar's capture of traffic",
        // Which addresses a name has may be others at each look.
        SetHosts => $"write {SidecarFiles.HostsFile}",
        _ => $"{step}",
    };

    private bool IsRegistered => _states.Cluster.Value.Registered.Status == ConditionStatus.True;

    private static DateTimeOffset? NextWindow(AgentSettings settings, DateTimeOffset looked) =>
        settings.Sidecar is { RestartPolicy: RestartPolicy.Window, RestartWindow: { } window } ? window.NextOpening(looked, TimeZoneInfo.Local) : null;

    // One that could not be renewed in time expires.
    private static DateTimeOffset? NextVerdict(IstioToken token) => token.ReevaluateAt ?? token.Expires;

    private static TimeSpan Least(TimeSpan first, params TimeSpan?[] others) =>
        others.OfType<TimeSpan>().Where(other => other > TimeSpan.Zero).Append(first).Min();
}
