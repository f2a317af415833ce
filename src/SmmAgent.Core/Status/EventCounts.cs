namespace SmmAgent.Core.Status;

/// <summary>The events that the daemon counts for its metrics.</summary>
public enum CountedEvent
{
    FirewallRepaired,
    ReconcileSucceeded,
    ReconcileFailed,
    GatewayProbed,
    GatewayProbeFailed,
    DashboardProbed,
    DashboardProbeFailed,
    ConfigurationChanged,
    ConfigurationNotModified,
    ConfigurationCutOff,
    ConfigurationFailed,
    ReportAccepted,
    ReportFailed,
    SidecarRestarted,
}

/// <summary>How often each event occurred since the start of the daemon, at one time.</summary>
public sealed record EventCounts(IReadOnlyList<long> Counts)
{
    public static EventCounts None { get; } = new(new long[Enum.GetValues<CountedEvent>().Length]);

    public long this[CountedEvent counted] => Counts[(int)counted];
}
