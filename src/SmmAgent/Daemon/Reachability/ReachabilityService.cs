using SmmAgent.Core.Conditions;
using SmmAgent.Core.Firewall.Diagnosis;
using SmmAgent.Core.Host;
using SmmAgent.Core.Mesh;
using SmmAgent.Core.Reachability;
using SmmAgent.Core.Settings;
using SmmAgent.Core.Sidecar.Configuration;
using SmmAgent.Daemon.Loop;
using SmmAgent.Linux.Network.Probes;

namespace SmmAgent.Daemon.Reachability;

/// <summary>Says whether the VM reaches the gateways (or the direct endpoints) and the dashboard.</summary>
public sealed class ReachabilityService : LoopService
{
    /// <summary>When to look again: all is well, something is not, something was odd and is to be confirmed.</summary>
    public static readonly TimeSpan WhenWell = TimeSpan.FromSeconds(60);
    public static readonly TimeSpan WhenNot = TimeSpan.FromSeconds(10);
    public static readonly TimeSpan WhenOdd = TimeSpan.FromSeconds(2);

    private readonly ObservableValue<SettingsState> _settings;
    private readonly ObservableValue<MeshConfigState> _meshConfig;
    private readonly ObservableValue<PortsState> _ports;
    private readonly ObservableValue<ReachabilityState> _state;
    private readonly ReachabilityObserver _observer;
    private readonly Action _dashboardIsBack;

    /// <param name="ports">What this host's own firewall drops: it explains why nothing answers.</param>
    /// <param name="dashboardIsBack">Called when the dashboard answers again: whoever waits out a backoff need not.</param>
    public ReachabilityService(
        LoopContext context,
        ObservableValue<SettingsState> settings,
        ObservableValue<MeshConfigState> meshConfig,
        ObservableValue<PortsState> ports,
        ObservableValue<ReachabilityState> state,
        ReachabilityObserver observer,
        Action dashboardIsBack)
        : base(context)
    {
        (_settings, _meshConfig, _ports, _state, _observer, _dashboardIsBack) = (settings, meshConfig, ports, state, observer, dashboardIsBack);
        settings.NotifyOnChange(Signal);
        meshConfig.NotifyOnChange(Signal);
        ports.NotifyOnChange(Signal);
    }

    protected override TimeSpan StepBudget => TimeSpan.FromMinutes(2);

    public override async Task<TimeSpan> StepAsync(CancellationToken cancel)
    {
        var settings = _settings.Value.Settings;
        var plan = _meshConfig.Value.Config is { } config ? ReachabilityPlan.From(config) : null;
        var look = await _observer.LookAsync(plan, settings.DashboardUrl, settings.CaFile, cancel);

        var (now, own) = (Time.GetUtcNow(), _ports.Value.OwnTraffic);
        var captureCure = CaptureBypass.Remediation(_meshConfig.Value.Config);
        var gateways = plan is null && settings.DashboardUrl is not null && _meshConfig.Value.ConfigCurrent.Reason == ConditionUpdate.Pending
            ? ConditionUpdate.NotObserved(ConditionType.GatewaysReachable)
            : plan is null
            ? ConditionUpdate.Unknown(ConditionType.GatewaysReachable, ConditionUpdate.NotConfigured, "there is no mesh configuration yet that names the gateways")
            : ReachabilityVerdict.Gateways(plan, Shown(look.Gateways), look.LeftOut, now, own, captureCure);
        var dashboard = settings.DashboardUrl is null
            ? ConditionUpdate.Unknown(
                ConditionType.DashboardReachable, ConditionUpdate.NotConfigured,
                _settings.Value.AreUnknown ? SettingsState.WhyUnknown : "no dashboard is set; run: sudo smm-agent set dashboard-url URL")
            : ReachabilityVerdict.Dashboard(Shown(look.Dashboard), now, own, captureCure);
        var wasAway = _state.Value.DashboardReachable.Status == ConditionStatus.False;
        _state.Publish(new(plan?.Model, [.. look.Gateways.Select(Result)], gateways, dashboard) { Clock = Clock(look.Dashboard) });
        if (wasAway && dashboard.Status == ConditionStatus.True)
            _dashboardIsBack();

        return _observer.Unsettled ? WhenOdd
            : IsWell(look.Gateways, gateways) && IsWell(look.Dashboard, dashboard) ? WhenWell
            : WhenNot;
    }

    /// <summary>Where nothing is tried, nothing gets better by trying more often.</summary>
    private static bool IsWell(IReadOnlyList<Damped<ProbeResult>> results, ConditionUpdate finding) =>
        results.Count == 0 || finding.Reason == ReachabilityVerdict.Reachable;

    private static List<ProbeResult> Shown(IReadOnlyList<Damped<ProbeResult>> results) => [.. results.Select(result => result.Shown)];

    private static ClockOffset? Clock(IReadOnlyList<Damped<ProbeResult>> dashboard) =>
        dashboard.Select(result => result.Shown.ClockAhead).FirstOrDefault(ahead => ahead is not null) is { } ahead ? new ClockOffset(ahead) : null;

    private static GatewayResult Result(Damped<ProbeResult> damped) => new(
        damped.Shown.Target.Name,
        damped.Shown.Address,
        damped.Shown.Target.Port,
        damped.Shown.Outcome,
        damped.Shown.Latency,
        damped.Since,
        damped.Shown.Detail);
}
