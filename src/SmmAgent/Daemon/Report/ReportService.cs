using SmmAgent.Contract;
using SmmAgent.Core.Address;
using SmmAgent.Core.Conditions;
using SmmAgent.Core.Mesh;
using SmmAgent.Core.Reachability;
using SmmAgent.Core.Settings;
using SmmAgent.Core.Sidecar.Planning;
using SmmAgent.Core.Status;
using SmmAgent.Core.Time;
using SmmAgent.Daemon.Loop;
using SmmAgent.Linux.Dashboard;

namespace SmmAgent.Daemon.Report;

/// <summary>Reports the state of the VM to the dashboard, and asks for registration and dial-back results.</summary>
public sealed class ReportService : LoopService
{
    /// <summary>The interval of all calls while nothing changes.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMinutes(5);

    /// <summary>The interval of questions while the VM is not reachable or not registered, or may soon not be.</summary>
    public static readonly TimeSpan IntervalWhileBad = TimeSpan.FromSeconds(30);

    /// <summary>The minimum time between two reports.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    /// <summary>The interval of registration questions for a minute after the connection to the control plane was lost.</summary>
    /// <remarks>istiod removes the entry of a sidecar 10 s after the end of its connection.</remarks>
    public static readonly TimeSpan IntervalAfterLoss = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan Loss = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Start = TimeSpan.FromMinutes(1);

    private readonly AgentStates _states;
    private readonly DashboardClients _clients;
    private readonly ReportBuilder _builder;
    private readonly DialBack _dialBack;
    private readonly RetryDelay _retry;
    private DashboardClient? _client;
    private Guid _uuid;
    private CallSchedule _reports;
    private CallSchedule _registrations;
    private CallSchedule _dialBacks;
    private ExternalAddress? _reportedAddress;
    private DateTimeOffset? _reportedAt;
    private DateTimeOffset? _answeredAt;
    private (ConditionStatus Status, string Reason) _way;
    private long _wayChanged;

    public ReportService(
        LoopContext context,
        AgentStates states,
        DashboardClients clients,
        ReportBuilder builder,
        DialBack dialBack,
        RetryDelay retry)
        : base(context)
    {
        (_states, _clients, _builder, _dialBack, _retry) = (states, clients, builder, dialBack, retry);
        (_reports, _registrations, _dialBacks) = (NewSchedule(), NewSchedule(), NewSchedule());
        states.Settings.NotifyOnChange(Signal);
        states.Mesh.NotifyOnChange(Signal);
        states.Address.NotifyOnChange(Signal);
        states.Reachability.NotifyOnChange(Signal);
        states.Ports.NotifyOnChange(Signal);
        states.Sidecar.NotifyOnChange(Signal);
    }

    /// <summary>Three calls, each with the deadline of the client.</summary>
    protected override TimeSpan StepBudget => (DashboardClient.Deadline * 3) + TimeSpan.FromSeconds(10);

    public override async Task<TimeSpan> StepAsync(CancellationToken cancel)
    {
        if (_clients.For(_states.Settings.Value) is not { } client)
        {
            _client = null;
            Publish(NotAnswered(ConditionUpdate.NotConfigured, _states.Settings.Value.AreUnknown
                ? SettingsState.UnknownReason
                : "dashboard or WorkloadGroup are not set yet; ConfigCurrent says how"));
            return Interval;
        }

        // First, because a copied machine may get another uuid.
        var isForeign = _dialBack.Identity.IsForeign(_states.Settings.Value.Settings);
        var uuid = _dialBack.Identity.Uuid(_states.Settings.Value.Settings);
        if (!ReferenceEquals(client, _client) || uuid != _uuid)
        {
            (_client, _uuid, _reportedAddress) = (client, uuid, null);
            (_reports, _registrations, _dialBacks) = (NewSchedule(), NewSchedule(), NewSchedule());
        }

        if (isForeign)
        {
            Publish(NotAnswered("ForeignIdentity",
                $"the uuid {uuid} belongs to the machine that this VM is a copy of (/etc/machine-id differs), "
                + "so nothing is reported under it; make another: sudo smm-agent reconcile; "
                + "if the uuid stays, remove the line uuid from agent.yaml and run it again"));
            return IntervalWhileBad;
        }

        var wait = await ReportAsync(client, uuid, cancel);
        var registration = await AskRegistrationAsync(client, uuid, cancel);
        var dialBack = await AskDialBackAsync(client, uuid, cancel);
        return new[] { wait, registration, dialBack }.Min();
    }

    private async Task<TimeSpan> ReportAsync(DashboardClient client, Guid uuid, CancellationToken cancel)
    {
        var address = _states.Address.Value.Address;
        var report = _builder.Build(address);
        var content = (uuid, ReportBuilder.Content(report));
        if (_reports.Until(content) is var wait && wait > TimeSpan.Zero)
            return wait;

        var result = await client.PutReportAsync(uuid, _dialBack.Identity.Key, report, cancel);
        if (result.Failure is { } failure)
        {
            _reports.RecordFailure(FailureText.RetryAfter(failure));
            _states.Counters.Add(CountedEvent.ReportFailed);
            var (reason, message) = FailureText.Format(failure, client.Target);
            Publish(NotAnswered(reason, message));
            // The outdated answers are requested again as soon as a report succeeds.
            (_reportedAddress, _registrations, _dialBacks) = (null, NewSchedule(), NewSchedule());
        }
        else
        {
            _reports.RecordSuccess(content, Interval, Pause);
            _states.Counters.Add(CountedEvent.ReportAccepted);
            _dialBack.Identity.Reported(uuid);
            _reportedAddress = address;
            _reportedAt = Time.GetUtcNow();
            _states.Cluster.Refresh(_states.Cluster.Value with { ReportedAt = _reportedAt });
        }

        return _reports.Until(content);
    }

    private async Task<TimeSpan> AskRegistrationAsync(DashboardClient client, Guid uuid, CancellationToken cancel)
    {
        if (_reports.HasFailed)
            return Interval; // the report is retried first
        // A sidecar that started or became ready has probably just registered; one that lost the gateways stays registered for a while.
        var gateways = _states.Reachability.Value.GatewaysReachable;
        var isCutOff = gateways.Status == ConditionStatus.False;
        var way = (gateways.Status, gateways.Reason);
        if (way != _way)
            (_way, _wayChanged) = (way, Time.GetTimestamp());
        // The same applies if its log has a failure, or if it does not run.
        var sidecar = _states.Sidecar.Value;
        var isWell = !isCutOff && sidecar is { Failure: null, Unit: null or { Activity: UnitActivity.Running, IsReady: true } };
        var subject = (uuid, sidecar.Unit?.Since, sidecar.Unit?.IsReady, way, sidecar.Unit?.Activity, sidecar.Failure?.Kind);
        if (_registrations.Until(subject) is var wait && wait > TimeSpan.Zero)
            return wait;

        var result = await client.GetRegistrationAsync(uuid, _dialBack.Identity.Key, cancel);
        if (result.Value is { } answer)
        {
            var isLosing = answer.Registered
                && gateways.Reason is not (ReachabilityConditions.Reachable or ConditionUpdate.Pending or ConditionUpdate.NotConfigured)
                && Time.GetElapsedTime(_wayChanged) < Loss;
            var interval = isLosing ? IntervalAfterLoss
                : answer.Registered && isWell ? Interval
                : IsNew(sidecar.Unit) ? Pause
                : IntervalWhileBad;
            _registrations.RecordSuccess(subject, interval, Pause);
            _answeredAt = Time.GetUtcNow();
            _states.Cluster.Refresh(_states.Cluster.Value with { AnsweredAt = _answeredAt });
            Publish(_states.Cluster.Value with
            {
                Registered = ClusterViewRules.Registered(answer),
                Healthy = ClusterViewRules.Healthy(answer),
            });
        }
        else
        {
            _registrations.RecordFailure(FailureText.RetryAfter(result.Failure!));
            var (reason, message) = FailureText.Format(result.Failure!, client.Target);
            Publish(_states.Cluster.Value with
            {
                Registered = ClusterViewRules.NotAnswered(ConditionType.Registered, reason, message),
                Healthy = ClusterViewRules.NotAnswered(ConditionType.Healthy, reason, message),
            });
        }

        return _registrations.Until(subject);
    }

    // The sidecar is ready before the dashboard knows it.
    private bool IsNew(SidecarUnit? unit) => unit is { IsReady: true, Since: { } since } && Time.GetUtcNow() - since < Start;

    private async Task<TimeSpan> AskDialBackAsync(DashboardClient client, Guid uuid, CancellationToken cancel)
    {
        if (_reports.HasFailed)
            return Interval;
        if (_states.Address.Value.Address is not { } address)
            return NotDialled("NoAddress", "the VM's address is not known yet; see AddressKnown");
        if (_states.Mesh.Value.Config is not { } config)
            return NotDialled("NoMeshConfig", "the WorkloadGroup's ports are not known yet; see ConfigCurrent");
        if (_reportedAddress != address)
            return Interval; // the dashboard dials the address of the last report, so the next report comes first

        if (_states.Ports.Value.PortsOpen.Reason == ConditionUpdate.Pending)
            return NotDialled(ConditionUpdate.Pending, "the VM's firewall was not checked yet: the dashboard dials after that");

        var ports = ClusterViewRules.PortsToDial(_states.Settings.Value.Settings.ManagementPorts, config.WorkloadGroup);
        if (ports.Count == 0)
            return NotDialled("NoPorts", "neither the agent nor the WorkloadGroup has a port to dial");

        var subject = (address, string.Join(' ', ports.Keys), _states.Ports.Value.PortsOpen.Status, uuid);
        if (_dialBacks.Until(subject) is var wait && wait > TimeSpan.Zero)
            return wait;

        var outcome = await _dialBack.AskAsync(client, uuid, ports, cancel);
        // The dashboard limits the rate: the previous result for this address stays valid.
        var keeps = outcome.Failure is DashboardFailure.RateLimited && _states.Cluster.Value.Reached.Count > 0;
        if (!keeps)
            Publish(_states.Cluster.Value with { ReachableFromCluster = outcome.Condition, Reached = outcome.Reached });
        if (outcome.Failure is DashboardFailure.Refused { Code: ProblemCodes.NoReport })
            (_reports, _reportedAddress) = (NewSchedule(), null); // the dashboard lost the report: send it again
        if (outcome.Failure is null)
        {
            var isReached = outcome.Condition is { Status: ConditionStatus.True, Reason: ClusterViewRules.Reached };
            _dialBacks.RecordSuccess(subject, isReached ? Interval : IntervalWhileBad, Pause);
        }
        else
        {
            _dialBacks.RecordFailure(FailureText.RetryAfter(outcome.Failure));
        }

        return _dialBacks.Until(subject);
    }

    private TimeSpan NotDialled(string reason, string message)
    {
        Publish(_states.Cluster.Value with
        {
            ReachableFromCluster = ConditionUpdate.Unknown(ConditionType.ReachableFromCluster, reason, message),
            Reached = ClusterViewState.Initial.Reached,
        });
        return Interval;
    }

    private static ClusterViewState NotAnswered(string reason, string message) => new(
        ClusterViewState.Initial.Reached,
        ClusterViewRules.NotAnswered(ConditionType.ReachableFromCluster, reason, message),
        ClusterViewRules.NotAnswered(ConditionType.Registered, reason, message),
        ClusterViewRules.NotAnswered(ConditionType.Healthy, reason, message));

    private void Publish(ClusterViewState state)
    {
        var old = _states.Cluster.Value;
        var isSame = state.Reached.Count == old.Reached.Count
            && state.Reached.All(port => old.Reached.TryGetValue(port.Key, out var was) && was == port.Value);
        _states.Cluster.Publish(state with
        {
            Reached = isSame ? old.Reached : state.Reached,
            ReportedAt = _reportedAt,
            AnsweredAt = _answeredAt,
            Group = _client?.Target.Group,
        });
    }

    private CallSchedule NewSchedule() => new(Time, _retry);
}
