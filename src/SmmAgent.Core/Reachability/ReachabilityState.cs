using SmmAgent.Contract;
using SmmAgent.Core.Conditions;
using SmmAgent.Core.Host;

namespace SmmAgent.Core.Reachability;

/// <summary>The outcome of one probe; <see cref="OutcomeNames"/> has the words that status.json uses.</summary>
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

    /// <summary>The sidecar captured the connection, so that nothing is known of the peer.</summary>
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

/// <summary>One port of one address of a gateway (or one direct endpoint), as it is now after damping.</summary>
/// <param name="Name">The gateway's or endpoint's name.</param>
/// <param name="Address">The IP address; the DNS name where it did not resolve.</param>
/// <param name="Latency">The time to connect, when it did.</param>
/// <param name="Since">Since when the outcome is what it is.</param>
/// <param name="Detail">What exactly was seen, for people; null when all is well.</param>
public sealed record GatewayResult(
    string Name, string Address, int Port, Outcome Outcome, TimeSpan? Latency, DateTimeOffset Since, string? Detail);

/// <summary>What the VM reaches.</summary>
public sealed record ReachabilityState(
    NetworkModel? Model, IReadOnlyList<GatewayResult> Gateways, ConditionUpdate GatewaysReachable, ConditionUpdate DashboardReachable)
{
    /// <summary>The dashboard's clock, against this VM's; null while no dashboard tells the time.</summary>
    public ClockOffset? Clock { get; init; }

    public static ReachabilityState Initial { get; } =
        new(null, [], ConditionUpdate.NotObserved(ConditionType.GatewaysReachable),
            ConditionUpdate.NotObserved(ConditionType.DashboardReachable));
}
