using System.Text;
using SmmAgent.Contract;
using SmmAgent.Core.Conditions;
using SmmAgent.Core.Network;
using SmmAgent.Core.Reachability;
using SmmAgent.Core.Status;
using SmmAgent.Core.Text;

namespace SmmAgent.Cli.Output;

/// <summary>Formats a status as text: groups of conditions, each with its mark and age, followed by details.</summary>
public static class StatusText
{
    private const int TypeWidth = 22;

    private static readonly (string Title, string[] Types)[] Groups =
    [
        ("Configuration", [ConditionType.ConfigCurrent, ConditionType.TokenCurrent, ConditionType.DashboardReachable]),
        ("Address", [ConditionType.AddressKnown]),
        ("Gateways", [ConditionType.GatewaysReachable]),
        ("Ports", [ConditionType.PortsOpen, ConditionType.ReachableFromCluster]),
        ("Sidecar", [ConditionType.SidecarInstalled, ConditionType.SidecarCurrent, ConditionType.SidecarRunning]),
        ("Registration", [ConditionType.Registered, ConditionType.Healthy]),
    ];

    public static string Write(AgentStatus status, DateTimeOffset now, bool colour)
    {
        var text = new StringBuilder();
        var group = status.WorkloadGroup?.ToString() ?? "no WorkloadGroup yet";
        text.Append(
            $"smm-agent {OneLine.ReplaceUnprintable(status.Agent.Version)}  {OneLine.ReplaceUnprintable(group)}  uuid "
                + $"{status.Agent.Uuid?.ToString() ?? "not generated yet"}\n");
        text.Append($"updated {Age.Text(now - status.UpdatedAt)} ago\n");
        foreach (var (title, types) in Groups)
        {
            text.Append('\n').Append(title)
                .Append(title == "Gateways" && status.Network.Model is { } model ? $" ({OneLine.ReplaceUnprintable(model)})" : "")
                .Append('\n');
            foreach (var condition in status.Conditions.Where(condition => types.Contains(condition.Type)))
                Line(text, Mark(condition), $"{condition.Type,-TypeWidth}{condition.Message}  {Since(condition, now)}", colour);
            Details(text, title, status, now, colour);
        }

        return text.ToString();
    }

    // Details are indented below the conditions that they explain.
    private static void Details(StringBuilder text, string title, AgentStatus status, DateTimeOffset now, bool colour)
    {
        switch (title)
        {
            case "Address" when status.Address is { } address:
                text.Append($"      {OneLine.ReplaceUnprintable(address.Value)}  ({OneLine.ReplaceUnprintable(address.Source)})\n");
                break;
            case "Gateways":
                foreach (var gateway in status.Gateways)
                    Line(text, GatewayMark(gateway), GatewayText(gateway), colour, indent: 6);
                break;
            case "Sidecar" when status.Sidecar is { Since: { } since } sidecar:
                text.Append(
                    $"      istio-sidecar {OneLine.ReplaceUnprintable(sidecar.Version ?? "of an unknown version")}, started "
                        + $"{Age.Text(now - since)} ago\n");
                break;
            case "Ports":
                foreach (var port in status.Ports)
                    Line(text, PortMark(port), PortText(port), colour, indent: 6);
                break;
        }
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

    private static char Mark(Condition condition) => condition switch
    {
        { Status: nameof(ConditionStatus.False) } => '✗',
        { Status: nameof(ConditionStatus.True), Reason: ConditionUpdate.Degraded } => '!',
        { Status: nameof(ConditionStatus.True) } => '✓',
        _ => '?',
    };

    private static string Since(Condition condition, DateTimeOffset now) =>
        $"[{condition.Reason}, {Age.Text(now - condition.LastTransitionTime)}]";

    private static void Line(StringBuilder text, char mark, string line, bool colour, int indent = 2)
    {
        var code = mark switch { '✓' => 32, '!' => 33, '✗' => 31, _ => 90 };
        text.Append(' ', indent).Append(colour ? $"\e[{code}m{mark}\e[0m" : mark.ToString()).Append(' ')
            .Append(OneLine.ReplaceUnprintable(line)).Append('\n');
    }
}
