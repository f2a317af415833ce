using SmmAgent.Core.Address;
using SmmAgent.Core.Conditions;
using SmmAgent.Core.Firewall.Diagnosis;
using SmmAgent.Core.Mesh;
using SmmAgent.Core.Reachability;
using SmmAgent.Core.Settings;
using SmmAgent.Core.Sidecar.Status;
using SmmAgent.Core.Tokens;

namespace SmmAgent.Core.Status;

/// <summary>The states of all services at one time.</summary>
public sealed record AgentSnapshot
{
    public SettingsState Settings { get; init; } = SettingsState.Empty;

    public TokenRenewal Renewal { get; init; } = TokenRenewal.NotTried;

    public MeshConfigState Mesh { get; init; } = MeshConfigState.Initial;

    public AddressState Address { get; init; } = AddressState.Initial;

    public ReachabilityState Reachability { get; init; } = ReachabilityState.Initial;

    public PortsState Ports { get; init; } = PortsState.Initial;

    /// <remarks>The state of a WorkloadGroup other than the configured one is ignored; the configured one is requested next.</remarks>
    public ClusterViewState Cluster
    {
        get => field.Group is null || field.Group == Group?.ToString() ? field : ClusterViewState.Initial;
        init;
    } = ClusterViewState.Initial;

    public SidecarState Sidecar { get; init; } = SidecarState.Initial;

    public ListenersState Listeners { get; init; } = ListenersState.Initial;

    public EventCounts Counts { get; init; } = EventCounts.None;

    /// <summary>The WorkloadGroup that the operator set; null until then.</summary>
    public GroupName? Group =>
        Settings.Settings is { Namespace: { } @namespace, Name: { } name } ? new GroupName(@namespace, name) : null;

    /// <summary>The registration as reported by the dashboard, with the likely cause from the state of this VM.</summary>
    private ConditionUpdate Registered => RegistrationExplanation.Explain(
        new(Cluster.Registered, Sidecar.Unit, Sidecar.Token, Sidecar.Failure, Reachability.GatewaysReachable, Reachability.Clock)
        {
            Current = Sidecar.Conditions.FirstOrDefault(finding => finding.Type == ConditionType.SidecarCurrent),
            AnsweredAt = Cluster.AnsweredAt,
            RefusedToken = Sidecar.RefusedToken,
        });

    /// <remarks>The update changes with time, so it is evaluated at each access.</remarks>
    private ConditionUpdate TokenCurrent(DateTimeOffset now) => Settings switch
    {
        { Token: null } => ConditionUpdate.NotObserved(ConditionType.TokenCurrent),
        { Token.Error: not null, AreUnknown: true } =>
            ConditionUpdate.Unknown(ConditionType.TokenCurrent, ConditionUpdate.NotConfigured, SettingsState.UnknownReason),
        { Token.Error: not null, Settings.DashboardUrl: null } =>
            ConditionUpdate.Unknown(ConditionType.TokenCurrent, ConditionUpdate.NotConfigured, "no dashboard is set yet"),
        _ => Settings.Token.Finding(now, Renewal),
    };

    /// <summary>The condition updates of all services.</summary>
    public IEnumerable<ConditionUpdate> ConditionUpdates(DateTimeOffset now) =>
    [
        Mesh.ConfigCurrent, TokenCurrent(now), Reachability.DashboardReachable, Address.AddressKnown, Reachability.GatewaysReachable,
            Ports.PortsOpen,
        Cluster.ReachableFromCluster, .. Sidecar.Conditions, Registered, Cluster.Healthy,
    ];
}
