using SmmAgent.Contract;
using SmmAgent.Core.Conditions;
using SmmAgent.Core.Network;
using SmmAgent.Core.Reachability;
using SmmAgent.Core.Text;

namespace SmmAgent.Core.Status;

/// <summary>The line that <c>systemctl status</c> shows: the worst problem first, and the action to take.</summary>
public static class StatusLine
{
    public const int MaximumLength = 200;

    private const string AttachedPrefix = "Attached ";

    public static string Write(AgentSnapshot snapshot, IReadOnlyList<Condition> conditions, DateTimeOffset now)
    {
        if (NotConfigured(snapshot) is { } missing)
            return Line("Not configured: ", missing);

        var shown = conditions.ToDictionary(condition => condition.Type);
        var problems = Problems(snapshot, shown, now).ToList();
        if (problems.Count > 0)
            return Line(Severity(snapshot), problems[0], problems.Count > 1 ? $" (+{problems.Count - 1} more)" : "");

        var pending = conditions.Where(condition => IsPending(condition, snapshot)).ToList();
        return pending.Count > 0
            ? Line("Starting: ", $"waiting for {string.Join(", ", pending.Select(condition => condition.Type))}")
            : Line(AttachedPrefix, Attached(snapshot));
    }

    /// <summary>Whether a line reports that the VM is attached.</summary>
    public static bool IsAttached(string line) => line.StartsWith(AttachedPrefix, StringComparison.Ordinal);

    private static string? NotConfigured(AgentSnapshot snapshot) => snapshot switch
    {
        { Settings.Settings.DashboardUrl: not null, Group: not null } => null,
        { Settings.Errors: [var fault, ..] } => $"agent.yaml is refused: {fault}",
        { Settings.Settings.DashboardUrl: null } => "no dashboard; sudo smm-agent set dashboard-url URL",
        _ => "no WorkloadGroup; sudo smm-agent set workload-group NAMESPACE NAME",
    };

    private static bool IsPending(Condition condition, AgentSnapshot snapshot) => condition.Type == ConditionType.SidecarRunning
        ? condition is { Status: nameof(ConditionStatus.Unknown), Reason: StartupConditions.Starting }
            || (condition.Reason == ConditionUpdate.Pending && snapshot.Sidecar.IsReconcileDue)
        : condition.Reason == ConditionUpdate.Pending && IsVital(condition.Type);

    private static bool IsVital(string type) =>
        type is ConditionType.ConfigCurrent or ConditionType.AddressKnown or ConditionType.GatewaysReachable or ConditionType.PortsOpen;

    private static string Severity(AgentSnapshot snapshot) =>
        snapshot.Mesh.Config is null
        || snapshot.Address.AddressKnown.Status == ConditionStatus.False
        || snapshot.Reachability.GatewaysReachable.Status == ConditionStatus.False
            ? "Not attached: "
            : "Degraded: ";

    // Without a configuration nothing else is observed, so its error comes first. Otherwise it comes late, because the last one is in use.
    private static IEnumerable<string> Problems(AgentSnapshot snapshot, Dictionary<string, Condition> shown, DateTimeOffset now)
    {
        var config = Failed(ConditionType.ConfigCurrent);
        if (snapshot.Mesh.Config is null && config is not null)
            yield return config;
        foreach (var listener in snapshot.Listeners.Listeners.Where(listener => listener.Error is not null))
            yield return listener.Error!;
        if (Failed(ConditionType.AddressKnown) is { } address)
            yield return address;
        if (Failed(ConditionType.GatewaysReachable) is { } unreachable)
            yield return Gateway(snapshot, now) ?? unreachable;
        foreach (var type in Later.Where(type => IsExpected(type, shown.Values)))
        {
            if (Failed(type) is { } failed)
                yield return failed;
        }

        if (snapshot.Settings.Errors is [var fault, ..])
            yield return $"agent.yaml is invalid; the last valid settings stay in effect: {fault}";
        if (snapshot.Mesh.Config is not null && config is not null)
            yield return config;
        // A token that the dashboard refuses is named by ConfigCurrent.
        if (config is null && Failed(ConditionType.TokenCurrent) is { } token)
            yield return token;
        if (Failed(ConditionType.DashboardReachable) is { } dashboard)
            yield return dashboard;
        foreach (var half in shown.Values.Where(condition => condition.Reason == ConditionUpdate.Degraded))
            yield return (half.Type == ConditionType.GatewaysReachable ? Gateway(snapshot, now) : null) ?? half.Message;

        string? Failed(string type) =>
            shown.GetValueOrDefault(type) is { Status: nameof(ConditionStatus.False) } condition
                ? $"{condition.Message} (for {Age.Text(now - condition.LastTransitionTime)})"
                : null;
    }

    private static readonly string[] Later =
    [
        ConditionType.PortsOpen, ConditionType.ReachableFromCluster, ConditionType.SidecarInstalled, ConditionType.SidecarRunning,
        ConditionType.SidecarCurrent, ConditionType.Registered, ConditionType.Healthy,
    ];

    /// <summary>
    /// Whether a condition is expected to hold. Without a managed sidecar, the agent manages only the VM's ports and its reachability.
    /// </summary>
    public static bool IsExpected(string type, IEnumerable<Condition> conditions) =>
        type is not (ConditionType.Registered or ConditionType.Healthy)
        || conditions.FirstOrDefault(condition => condition.Type == ConditionType.SidecarRunning)?.Reason != ConditionUpdate.Disabled;

    private static string? Gateway(AgentSnapshot snapshot, DateTimeOffset now)
    {
        var down = snapshot.Reachability.Gateways.FirstOrDefault(result => result.Outcome != Outcome.Ok);
        return down is null
            ? null
            : $"{Kind(snapshot)} {HostPort.Text(down.Address, down.Port)} {Words(down.Outcome)} "
                + $"for {Age.Text(now - down.Since)}; see smm-agent check";
    }

    private static string Kind(AgentSnapshot snapshot) =>
        snapshot.Reachability.Model == NetworkModel.SameNetwork ? "endpoint" : "gateway";

    private static string Words(Outcome outcome) => outcome switch
    {
        Outcome.Refused => "refused the connection",
        Outcome.Timeout => "did not answer",
        Outcome.Unreachable => "has been unreachable",
        Outcome.NoSuchName => "has had no address in DNS",
        Outcome.WrongCertificate => "has shown a wrong certificate",
        Outcome.ExpiredCertificate => "has shown an expired certificate",
        Outcome.NotReady => "has not been ready",
        Outcome.Captured => "has been hidden by the sidecar's capture",
        _ => outcome.Name(),
    };

    private static string Attached(AgentSnapshot snapshot)
    {
        var gateways = snapshot.Reachability.Gateways.GroupBy(result => (result.Name, result.Address)).ToList();
        var up = gateways.Count(gateway => gateway.All(result => result.Outcome == Outcome.Ok));
        var ports = snapshot.Ports.Ports;
        var open = ports.Count(port => port.Open == true);
        var portWords = snapshot.Ports.PortsOpen.Status != ConditionStatus.True ? "ports not checked"
            : open == ports.Count ? $"{open} ports open"
            : $"{open}/{ports.Count} ports open";
        return $"{snapshot.Group} as {snapshot.Address.Address?.Value.ToString() ?? "an unknown address"}; "
            + $"{up}/{gateways.Count} {Kind(snapshot)}s; {portWords}";
    }

    // A line break would start another variable of systemd's protocol.
    private static string Line(string prefix, string text, string suffix = "")
    {
        var room = MaximumLength - prefix.Length - suffix.Length;
        return OneLine.ReplaceUnprintable(prefix) + OneLine.ReplaceUnprintable(text, ' ', room) + OneLine.ReplaceUnprintable(suffix);
    }
}
