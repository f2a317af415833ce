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

/// <summary>The sources of the observations of the sidecar.</summary>
public sealed record SidecarSources(
    SidecarObserver Observer, SidecarInputReader Inputs, SidecarRecords Records, ReconcileActivity Root);

/// <summary>Observes the sidecar, reports its conditions, and requests a privileged reconcile if there is work for root.</summary>
/// <remarks>
/// Events of systemd, of files and of the package database trigger a step. Readiness of the sidecar and name resolution raise no events, so
/// they are polled.
/// </remarks>
public sealed class SidecarService : LoopService
{
    /// <summary>The interval while all is well.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);

    /// <summary>The interval while the sidecar does not run or is not registered.</summary>
    public static readonly TimeSpan IntervalWhileBad = TimeSpan.FromSeconds(10);

    /// <summary>The interval while the sidecar starts.</summary>
    public static readonly TimeSpan IntervalAtStart = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan Start = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan Never = TimeSpan.FromHours(1);

    private static readonly TimeSpan AtOnce = TimeSpan.FromMilliseconds(1);

    private readonly AgentStates _states;
    private readonly SidecarSources _sources;
    private readonly ReconcileRequest _root;
    private readonly string _version;
    private readonly ReconcileFailureJournal _failures;
    private readonly SidecarCounts _counts;
    private Package? _offered;
    private long? _firstWanted;
    private bool _wasCurrent;
    private volatile bool _isBack;

    /// <param name="version">The version of this agent.</param>
    public SidecarService(
        LoopContext context,
        AgentStates states,
        SidecarSources sources,
        ReconcileRequest root,
        string version,
        ILogger<SidecarService> logger)
        : base(context)
    {
        (_states, _sources, _root, _version, _failures) = (states, sources, root, version, new(context.Time, logger));
        _counts = new(states.Counters, sources);
        states.Settings.NotifyOnChange(Signal);
        states.Mesh.NotifyOnChange(Signal);
        states.Address.NotifyOnChange(Signal);
        states.Cluster.NotifyOnChange(Signal);
    }

    public override async Task<TimeSpan> StepAsync(CancellationToken cancel)
    {
        var uncounted = _counts.CountReconcile();
        return Least(await ObserveAsync(cancel), uncounted);
    }

    private async Task<TimeSpan> ObserveAsync(CancellationToken cancel)
    {
        var settings = _states.Settings.Value.Settings;
        if (settings.Sidecar.Mode == ManagementMode.Off)
        {
            _states.Sidecar.Publish(new(SidecarConditions.Unknown(ConditionUpdate.Disabled, "sidecar.mode is off in agent.yaml")));
            _failures.Update(_sources.Records.Report()?.Failures ?? []);
            var again = settings.SelfUpgrade && _states.Mesh.Value.Config is { } mesh
                ? _root.Request(Wanted(await InputsAsync(settings, mesh, cancel), null))
                : null;
            return Least(Never, again, _failures.Due);
        }

        if (_states.Mesh.Value.Config is not { } config)
        {
            _states.Sidecar.Publish(new(
                SidecarConditions.Unknown(ConditionUpdate.NotConfigured, "there is no mesh configuration yet: see ConfigCurrent")));
            return Never;
        }

        var inputs = await InputsAsync(settings, config, cancel);
        var isRootAtWork = _sources.Root.IsAtWork();
        var observedAt = Time.GetUtcNow();
        var assessment = await _sources.Observer.AssessAsync(inputs, _sources.Records.Report(), observedAt, random: 0.5, cancel);
        isRootAtWork |= _sources.Root.IsAtWork();
        // A package manager is running: a transient state must not lead to a condition or a request.
        if (isRootAtWork && assessment.Observed.Package.Value is { IsPartiallyInstalled: true })
            return IntervalAtStart;

        _failures.Update(assessment.Failures);
        // Only the answer of the dashboard was missing.
        if (IsDashboardBack() && assessment.Failures.All(failure => failure.IsOfDashboard))
            _root.RequestAgain();
        if (assessment.Desired.Package.Package != _offered)
            Forget(assessment.Desired.Package.Package);
        var unit = assessment.Observed.Unit.Value;
        var wanted = Wanted(inputs, assessment);
        _counts.CountRestart(unit);
        _states.Sidecar.Publish(new(SidecarConditions.Evaluate(assessment))
        {
            Version = assessment.Version,
            Token = assessment.Observed.Token,
            CertificateExpiry = assessment.Observed.Certificate is { NotAfter: var expiry } && expiry != default ? expiry : null,
            Unit = unit,
            Failure = assessment.Observed.Failure,
            RefusedToken = assessment.RefusedToken,
            IsReconcileDue = settings.Sidecar.Mode == ManagementMode.Manage && (isRootAtWork || IsFirstAnswerDue(wanted)),
            IsFailing = assessment.CrashLoop is { Failures: > 0 } or { Holds: > 0 },
        });

        var wait = unit is { Activity: UnitActivity.Running, IsReady: true } && IsRegistered ? Interval
            : unit?.Since is { } since && Time.GetUtcNow() - since < Start ? IntervalAtStart
            : IntervalWhileBad;
        return Least(
            wait,
            isRootAtWork ? IntervalAtStart : _root.Request(wanted),
            _failures.Due,
            Left(NextVerdict(assessment.Observed.Token)),
            Left(assessment.CrashLoop.HeldUntil),
            Left(NextWindow(settings, observedAt)));

        // Times that passed during the observation were not taken into account.
        TimeSpan? Left(DateTimeOffset? due) => due is { } at && at > observedAt
            ? TimeSpan.FromTicks(Math.Max((at - Time.GetUtcNow()).Ticks, AtOnce.Ticks))
            : null;
    }

    /// <summary>Requests again at once, after the dashboard is back, the work that failed without it.</summary>
    public void Retry()
    {
        _isBack = true;
        Signal.Set();
    }

    // Also if the outage was not noticed.
    private bool IsDashboardBack()
    {
        var isCurrent = _states.Mesh.Value.ConfigCurrent.Status == ConditionStatus.True;
        var isDashboardBack = _isBack || (isCurrent && !_wasCurrent);
        (_isBack, _wasCurrent) = (false, isCurrent);
        return isDashboardBack;
    }

    // Another package may succeed where the previous one failed.
    private void Forget(Package? offered)
    {
        _offered = offered;
        _root.RequestAgain();
    }

    private Task<SidecarInputs> InputsAsync(AgentSettings settings, MeshConfig config, CancellationToken cancel) =>
        _sources.Inputs.ReadAsync(settings, config, _states.Address.Value.Address?.Value, cancel);

    // A reboot deletes the reconcile report: without one, the first privileged reconcile has not ended.
    private bool IsFirstAnswerDue(List<string> wanted)
    {
        if (wanted.Count == 0 || _sources.Records.Report() is not null)
        {
            _firstWanted = null;
            return false;
        }

        _firstWanted ??= Time.GetTimestamp();
        return Time.GetElapsedTime(_firstWanted.Value) < ReconcileRequest.FirstAnswer;
    }

    /// <returns>The work for root.</returns>
    private List<string> Wanted(SidecarInputs inputs, SidecarAssessment? assessment)
    {
        List<string> wanted = [];
        if (assessment is { Settings.Mode: ManagementMode.Manage })
            wanted.AddRange(assessment.Plan.Steps.Select(Wanted));
        wanted.AddRange(assessment?.Observed.PendingRootReads ?? []);
        if (assessment is { Settings.Mode: ManagementMode.Manage, ClearsFailureRecord: true })
            wanted.Add("clear the record of failed starts");
        if (inputs is { Settings.SelfUpgrade: true, Packages: { } host }
            && PackageChoice.ForAgent(inputs.Config, host, _version) is { Outcome: PackageOutcome.Install } newer)
            wanted.Add(newer.Reason);
        return wanted;
    }

    // The hold-back time comes from root's report; it is left out here, because a recomputed time would change the request each time.
    private static string Wanted(PlanStep step) => step switch
    {
        StopSidecar => "stop istio.service, which keeps failing",
        RemoveCapture => "remove the sidecar's capture of traffic",
        // The addresses of a name may differ at each observation.
        SetHosts => $"write {SidecarFiles.HostsFile}",
        _ => $"{step}",
    };

    private bool IsRegistered => _states.Cluster.Value.Registered.Status == ConditionStatus.True;

    private static DateTimeOffset? NextWindow(AgentSettings settings, DateTimeOffset observedAt) =>
        settings.Sidecar is { RestartPolicy: RestartPolicy.Window, RestartWindow: { } window }
            ? window.NextOpening(observedAt, TimeZoneInfo.Local)
            : null;

    // A token that was not renewed in time expires.
    private static DateTimeOffset? NextVerdict(IstioToken token) => token.ReevaluateAt ?? token.Expires;

    private static TimeSpan Least(TimeSpan first, params TimeSpan?[] others) =>
        others.OfType<TimeSpan>().Where(other => other > TimeSpan.Zero).Append(first).Min();
}
