using SmmAgent.Contract;
using SmmAgent.Core.Conditions;
using SmmAgent.Core.Network;
using SmmAgent.Core.Reachability;
using SmmAgent.Core.Status;
using SmmAgent.Core.Text;

namespace SmmAgent.Cli.Output;

/// <summary>A group of conditions in the status, in one line.</summary>
/// <param name="Mark">The worst mark of its conditions.</param>
/// <param name="Summary">What a healthy group shows.</param>
public sealed record StatusGroup(string Title, char Mark, string Summary, IReadOnlyList<Condition> Conditions);

/// <summary>A line below a group: a gateway or a port.</summary>
public sealed record StatusDetail(char Mark, string Text);

/// <summary>Arranges a status in groups.</summary>
public static class StatusGroups
{
    private static readonly (string Title, string[] Types)[] All =
    [
        ("Configuration", [ConditionType.ConfigCurrent, ConditionType.TokenCurrent, ConditionType.DashboardReachable]),
        ("Address", [ConditionType.AddressKnown]),
        ("Gateways", [ConditionType.GatewaysReachable]),
        ("Ports", [ConditionType.PortsOpen, ConditionType.ReachableFromCluster]),
        ("Sidecar", [ConditionType.SidecarInstalled, ConditionType.SidecarCurrent, ConditionType.SidecarRunning]),
        ("Registration", [ConditionType.Registered, ConditionType.Healthy]),
    ];

    // The condition holds, but an operator should see why it is not as usual.
    private static readonly string[] Remarkable = [ConditionUpdate.Degraded, "LastGood", "LastKnown", "ProvidersDisagree"];

    public static IEnumerable<StatusGroup> Create(AgentStatus status, DateTimeOffset now) => All.Select(group =>
    {
        var conditions = status.Conditions.Where(condition => group.Types.Contains(condition.Type)).ToList();
        var marks = conditions.Select(condition => Mark(condition, status)).ToList();
        return new StatusGroup(group.Title, Worst(marks), Summary(group.Title, status, conditions, marks, now), conditions);
    });

    /// <summary><c>–</c> for a condition that is not expected to hold.</summary>
    public static char Mark(Condition condition, AgentStatus status) => condition switch
    {
        { Reason: ConditionUpdate.Disabled or "NoProbe" } => '–',
        _ when !AttachmentRule.IsExpected(condition.Type, status.Conditions) => '–',
        { Status: nameof(ConditionStatus.False) } => '✗',
        { Status: nameof(ConditionStatus.True) } => Remarkable.Contains(condition.Reason) ? '!' : '✓',
        _ => '?',
    };

    public static IEnumerable<StatusDetail> Details(string title, AgentStatus status) => title switch
    {
        "Gateways" => status.Gateways.Select(gateway => new StatusDetail(GatewayMark(gateway), GatewayText(gateway))),
        "Ports" => status.Ports.Select(port => new StatusDetail(PortMark(port), PortText(port))),
        _ => [],
    };

    private static char Worst(List<char> marks) =>
        marks.Contains('✗') ? '✗' : marks.Contains('!') ? '!' : marks.Contains('?') ? '?' : marks.Contains('✓') ? '✓' : '–';

    private static string Summary(
        string title, AgentStatus status, List<Condition> conditions, List<char> marks, DateTimeOffset now) => title switch
        {
            "Address" when status.Address is { } address => address.Value,
            "Gateways" when status.Gateways.Count > 0 => Gateways(status),
            "Ports" when status.Ports.Any(port => port.Open is not null) => Ports(status, conditions),
            _ when conditions.Find(condition => condition.Reason == ConditionUpdate.Disabled) is { } off => $"off: {off.Message}",
            "Registration" when conditions.Count > 0 && marks.TrueForAll(mark => mark == '–') =>
                "not expected: the sidecar is not managed",
            "Sidecar" when Worst(marks) == '✓' && status.Sidecar is { Version: { } version } sidecar =>
                $"{version}{(sidecar.Since is { } since ? $", started {Age.Text(now - since)} ago" : "")}",
            _ => $"{marks.Count(mark => mark is '✓' or '!')}/{marks.Count(mark => mark != '–')}",
        };

    private static string Gateways(AgentStatus status)
    {
        var addresses = status.Gateways.GroupBy(gateway => (gateway.Name, gateway.Address)).ToList();
        return $"{addresses.Count(address => address.All(gateway => GatewayMark(gateway) == '✓'))}/{addresses.Count}";
    }

    // The cluster may not reach this VM although every port is open here.
    private static string Ports(AgentStatus status, List<Condition> conditions)
    {
        var wanted = status.Ports.Where(port => port.Wanted != false).ToList();
        var open = wanted.Count(port => PortMark(port) == '✓');
        var isReached = conditions.Find(condition => condition.Type == ConditionType.ReachableFromCluster)?.Status
            != nameof(ConditionStatus.False);
        return $"{open}/{wanted.Count}{(isReached || open < wanted.Count ? "" : " open, not reached from the cluster")}";
    }

    private static string GatewayText(GatewayStatus gateway)
    {
        var latency = gateway.LatencyMs is { } milliseconds ? $"  {milliseconds:0.#} ms" : "";
        return $"{HostPort.Text(gateway.Address, gateway.Port)}  {gateway.Outcome}{latency}  {gateway.Name}";
    }

    private static char GatewayMark(GatewayStatus gateway) =>
        gateway.Outcome == Outcome.Ok.Name() ? '✓' : gateway.Outcome == Outcome.Captured.Name() ? '?' : '✗';

    private static char PortMark(PortStatus port) => (port.Open, port.ReachableFromCluster) switch
    {
        (false, _) or (_, false) => '✗',
        (true, _) => '✓',
        _ => '?',
    };

    private static string PortText(PortStatus port)
    {
        var open = port.Open switch { true => "open", false => "closed", null => "not seen" };
        var reached = port.ReachableFromCluster switch
        {
            true => ", reached from the cluster",
            false => ", not reached from the cluster",
            null => "",
        };
        return $"{port.Port,-6} {port.Name}: {open}{reached}{(port.Wanted == false ? ", no longer wanted" : "")}";
    }
}
