using SmmAgent.Contract;
using SmmAgent.Core.Conditions;
using SmmAgent.Core.Host;

namespace SmmAgent.Core.Reachability;

/// <summary>The outcome of one probe. <see cref="OutcomeNames"/> has the words of status.json.</summary>
public enum Outcome
{
    Ok,
    Refused,
    Timeout,
    Unreachable,
    NoSuchName,
    WrongCertificate,
    ExpiredCertificate,
    NotReady,

    /// <summary>The sidecar captured the connection, so the state of the peer is unknown.</summary>
    Captured,
}

public static class OutcomeNames
{
    public static string Name(this Outcome outcome) => outcome switch
    {
        Outcome.Ok => "ok",
        Outcome.Refused => "refused",
        Outcome.Timeout => "timeout",
        Outcome.Unreachable => "unreachable",
        Outcome.NoSuchName => "no-such-name",
        Outcome.WrongCertificate => "wrong-certificate",
        Outcome.ExpiredCertificate => "expired-certificate",
        Outcome.NotReady => "not-ready",
        Outcome.Captured => "captured",
        _ => throw new ArgumentOutOfRangeException(nameof(outcome), outcome, null),
    };
}

/// <summary>One port of one address of a gateway (or one direct endpoint), after debouncing.</summary>
/// <param name="Name">The gateway's or endpoint's name.</param>
/// <param name="Address">The IP address; the DNS name where it did not resolve.</param>
/// <param name="Latency">The time to connect, if a connection was made.</param>
/// <param name="Detail">The details, for people; null if the probe succeeded.</param>
public sealed record GatewayResult(
    string Name, string Address, int Port, Outcome Outcome, TimeSpan? Latency, DateTimeOffset Since, string? Detail);

/// <summary>The results of all probes.</summary>
public sealed record ReachabilityState(
    NetworkModel? Model, IReadOnlyList<GatewayResult> Gateways, ConditionUpdate GatewaysReachable, ConditionUpdate DashboardReachable)
{
    /// <summary>The offset of the dashboard's clock; null while it is not known.</summary>
    public ClockOffset? Clock { get; init; }

    /// <summary>The first expiry of a certificate that the dashboard presents; null while none was observed.</summary>
    public DateTimeOffset? DashboardCertificateExpiry { get; init; }

    /// <summary>The first expiry of a certificate that istiod presents behind the gateways; null while none was observed.</summary>
    public DateTimeOffset? GatewayCertificateExpiry { get; init; }

    public static ReachabilityState Initial { get; } =
        new(null, [], ConditionUpdate.NotObserved(ConditionType.GatewaysReachable),
            ConditionUpdate.NotObserved(ConditionType.DashboardReachable));
}
