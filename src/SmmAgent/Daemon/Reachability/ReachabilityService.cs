using SmmAgent.Core.Conditions;
using SmmAgent.Core.Host;
using SmmAgent.Core.Reachability;
using SmmAgent.Core.Settings;
using SmmAgent.Core.Sidecar.Configuration;
using SmmAgent.Core.Status;
using SmmAgent.Daemon.Loop;
using SmmAgent.Linux.Network.Probes;

namespace SmmAgent.Daemon.Reachability;

/// <summary>Probes whether the VM reaches the gateways (or the direct endpoints) and the dashboard.</summary>
public sealed class ReachabilityService : LoopService
{
    /// <summary>The probe intervals: all targets are reachable, a target is not, a result needs confirmation.</summary>
    public static readonly TimeSpan WhenWell = TimeSpan.FromSeconds(60);
    public static readonly TimeSpan WhenNot = TimeSpan.FromSeconds(10);
    public static readonly TimeSpan WhenOdd = TimeSpan.FromSeconds(2);

    private readonly AgentStates _states;
    private readonly ReachabilityObserver _observer;
    private readonly Action _dashboardIsBack;

    /// <param name="dashboardIsBack">Called when the dashboard answers again, to end backoffs.</param>
    public ReachabilityService(
        LoopContext context, AgentStates states, ReachabilityObserver observer, Action dashboardIsBack)
        : base(context)
    {
        (_states, _observer, _dashboardIsBack) = (states, observer, dashboardIsBack);
        states.Settings.NotifyOnChange(Signal);
        states.Mesh.NotifyOnChange(Signal);
        states.Ports.NotifyOnChange(Signal); // traffic that this host's own firewall drops may explain missing answers
    }

    protected override TimeSpan StepBudget => TimeSpan.FromMinutes(2);

    public override async Task<TimeSpan> StepAsync(CancellationToken cancel)
    {
        // Read once: a configuration that arrives during the probes is for the next step.
        var (settings, mesh) = (_states.Settings.Value.Settings, _states.Mesh.Value);
        var plan = mesh.Config is { } config ? ReachabilityPlan.From(config) : null;
        var observation = await _observer.ObserveAsync(plan, ProbedDashboard.From(settings), cancel);

        Count(observation.Gateways, CountedEvent.GatewayProbed, CountedEvent.GatewayProbeFailed);
        Count(observation.Dashboard, CountedEvent.DashboardProbed, CountedEvent.DashboardProbeFailed);
        var (now, own) = (Time.GetUtcNow(), _states.Ports.Value.OwnTraffic);
        var captureFix = CaptureBypass.Remediation(mesh.Config);
        var gateways = plan is null
            && settings.DashboardUrl is not null
            && mesh.ConfigCurrent.Reason == ConditionUpdate.Pending
            ? ConditionUpdate.NotObserved(ConditionType.GatewaysReachable)
            : plan is null
            ? ConditionUpdate.Unknown(
                ConditionType.GatewaysReachable,
                ConditionUpdate.NotConfigured,
                "there is no mesh configuration yet that names the gateways")
            : ReachabilityConditions.Gateways(plan, Shown(observation.Gateways), observation.LeftOut, now, own, captureFix);
        var dashboard = settings.DashboardUrl is null
            ? ConditionUpdate.Unknown(
                ConditionType.DashboardReachable, ConditionUpdate.NotConfigured,
                _states.Settings.Value.AreUnknown
                    ? SettingsState.UnknownReason
                    : "no dashboard is set; run: sudo smm-agent set dashboard-url URL")
            : ReachabilityConditions.Dashboard(Shown(observation.Dashboard), now, own, captureFix);
        var wasAway = _states.Reachability.Value.DashboardReachable.Status == ConditionStatus.False;
        _states.Reachability.Publish(new(plan?.Model, observation.Gateways.Select(Result).ToArray(), gateways, dashboard)
        {
            Clock = Clock(observation.Dashboard),
            DashboardCertificateExpiry = FirstExpiry(observation.Dashboard),
            GatewayCertificateExpiry = FirstExpiry(observation.Gateways),
        });
        if (wasAway && dashboard.Status == ConditionStatus.True)
            _dashboardIsBack();

        return _observer.Unsettled ? WhenOdd
            : IsWell(observation.Gateways, gateways) && IsWell(observation.Dashboard, dashboard) ? WhenWell
            : WhenNot;
    }

    /// <summary>Without a probe, a shorter interval does not help.</summary>
    private static bool IsWell(IReadOnlyList<Debounced<ProbeResult>> results, ConditionUpdate finding) =>
        results.Count == 0 || finding.Reason == ReachabilityConditions.Reachable;

    private static List<ProbeResult> Shown(IReadOnlyList<Debounced<ProbeResult>> results) =>
        results.Select(result => result.Current).ToList();

    private static ClockOffset? Clock(IReadOnlyList<Debounced<ProbeResult>> dashboard) =>
        dashboard.Select(result => result.Current.ClockAhead).FirstOrDefault(ahead => ahead is not null) is { } ahead
            ? new ClockOffset(ahead)
            : null;

    private static DateTimeOffset? FirstExpiry(IReadOnlyList<Debounced<ProbeResult>> results) =>
        results.Min(result => result.Current.Certificate?.NotAfter);

    // A captured probe did not reach its target, so it neither succeeded nor failed.
    private void Count(IReadOnlyList<Debounced<ProbeResult>> results, CountedEvent probed, CountedEvent failed)
    {
        var outcomes = results.Select(result => (result.Pending?.Value ?? result.Current).Outcome)
            .Where(outcome => outcome != Outcome.Captured).ToList();
        _states.Counters.Add(probed, outcomes.Count);
        _states.Counters.Add(failed, outcomes.Count(outcome => outcome != Outcome.Ok));
    }

    private static GatewayResult Result(Debounced<ProbeResult> damped) => new(
        damped.Current.Target.Name,
        damped.Current.Address,
        damped.Current.Target.Port,
        damped.Current.Outcome,
        damped.Current.Latency,
        damped.Since,
        damped.Current.Detail);
}
