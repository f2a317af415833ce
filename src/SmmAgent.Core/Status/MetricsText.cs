using System.Globalization;
using System.Text;
using SmmAgent.Contract;
using SmmAgent.Core.Conditions;
using SmmAgent.Core.Reachability;

namespace SmmAgent.Core.Status;

/// <summary>Facts about the agent's process.</summary>
/// <param name="HungLoops">The number of loops that are overdue. With any, the watchdog is not notified.</param>
public sealed record ProcessFacts(string Version, DateTimeOffset StartedAt, TimeSpan CpuTime, long ResidentBytes, int HungLoops);

/// <summary>The agent's metrics in Prometheus' text format.</summary>
public static class MetricsText
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private static readonly ConditionStatus[] Statuses = [ConditionStatus.True, ConditionStatus.False, ConditionStatus.Unknown];

    public static string Write(AgentStatus status, AgentSnapshot snapshot, ProcessFacts process)
    {
        var text = new StringBuilder(8 * 1024);
        Process(text, process);
        WriteConditions(text, status.Conditions);
        Gateways(text, snapshot.Reachability.Gateways);
        Ports(text, status.Ports);

        Family(text, "smm_agent_listener_up", "gauge", "Whether the agent listens on its own port.");
        foreach (var listener in snapshot.Listeners.Listeners)
            Sample(text, "smm_agent_listener_up", Number(listener.Error is null), ("port", Number(listener.Port)), ("name", listener.Name));

        Time(text, "smm_agent_mesh_config_received_time_seconds", "When the dashboard sent the mesh configuration in force.",
            snapshot.Mesh.ReceivedAt);
        Time(text, "smm_agent_last_report_time_seconds", "When the dashboard last took a report.", snapshot.Cluster.ReportedAt);

        Family(text, "smm_agent_settings_faults", "gauge",
            "Errors in the newest agent.yaml; while there are any, the last valid settings stay in effect.");
        Sample(text, "smm_agent_settings_faults", Number(snapshot.Settings.Errors.Count));
        return text.ToString();
    }

    private static void Process(StringBuilder text, ProcessFacts process)
    {
        Family(text, "smm_agent_build_info", "gauge", "The agent's version; always 1.");
        Sample(text, "smm_agent_build_info", "1", ("version", process.Version));
        Family(text, "smm_agent_start_time_seconds", "gauge", "When the agent started, in seconds since 1970.");
        Sample(text, "smm_agent_start_time_seconds", Seconds(process.StartedAt));
        Family(text, "smm_agent_cpu_seconds_total", "counter", "Processor time that the agent used.");
        Sample(text, "smm_agent_cpu_seconds_total", Number(process.CpuTime.TotalSeconds));
        Family(text, "smm_agent_resident_memory_bytes", "gauge", "Resident memory of the agent.");
        Sample(text, "smm_agent_resident_memory_bytes", Number(process.ResidentBytes));
        Family(text, "smm_agent_hung_loops", "gauge", "Loops of the agent that make no progress; systemd's watchdog ends the agent then.");
        Sample(text, "smm_agent_hung_loops", Number(process.HungLoops));
    }

    private static void WriteConditions(StringBuilder text, IReadOnlyList<Condition> conditions)
    {
        Family(text, "smm_agent_condition", "gauge", "1 for the status that the condition has.");
        foreach (var condition in conditions)
        {
            foreach (var status in Statuses)
            {
                var name = status.ToString();
                Sample(text, "smm_agent_condition", Number(condition.Status == name), ("type", condition.Type), ("status", name));
            }
        }

        Family(text, "smm_agent_condition_last_transition_time_seconds", "gauge",
            "When the condition last changed, in seconds since 1970.");
        foreach (var condition in conditions)
        {
            var since = Seconds(condition.LastTransitionTime);
            Sample(text, "smm_agent_condition_last_transition_time_seconds", since, ("type", condition.Type));
        }
    }

    // Two names of one gateway may resolve to one address. The last one wins, because a series may be written only once.
    private static void Gateways(StringBuilder text, IReadOnlyList<GatewayResult> gateways)
    {
        var probes = gateways.GroupBy(result => (result.Name, result.Address, result.Port)).Select(same => same.Last()).ToList();
        Family(text, "smm_agent_gateway_up", "gauge", "Whether the last probes of this port of a gateway, or direct endpoint, were good.");
        // A captured target is neither up nor down.
        foreach (var probe in probes.Where(probe => probe.Outcome != Outcome.Captured))
            Sample(text, "smm_agent_gateway_up", Number(probe.Outcome == Outcome.Ok), Labels(probe));

        Family(text, "smm_agent_gateway_connect_seconds", "gauge", "Time that the last connection took.");
        foreach (var probe in probes)
        {
            if (probe.Latency is { } latency)
                Sample(text, "smm_agent_gateway_connect_seconds", Number(latency.TotalSeconds), Labels(probe));
        }
    }

    private static (string Name, string Value)[] Labels(GatewayResult probe) =>
        [("gateway", probe.Name), ("address", probe.Address), ("port", Number(probe.Port))];

    private static void Ports(StringBuilder text, IReadOnlyList<PortStatus> ports)
    {
        Family(text, "smm_agent_port_open", "gauge", "Whether the host's firewall lets the cluster in; absent where that cannot be seen.");
        foreach (var port in ports.Where(port => port.Open is not null))
            Sample(text, "smm_agent_port_open", Number(port.Open == true), ("port", Number(port.Port)), ("name", port.Name));

        Family(text, "smm_agent_port_reachable_from_cluster", "gauge", "Whether the cluster reached the port; absent until it tried.");
        foreach (var port in ports.Where(port => port.ReachableFromCluster is not null))
        {
            var reached = Number(port.ReachableFromCluster == true);
            Sample(text, "smm_agent_port_reachable_from_cluster", reached, ("port", Number(port.Port)), ("name", port.Name));
        }
    }

    private static void Time(StringBuilder text, string name, string help, DateTimeOffset? time)
    {
        if (time is null)
            return; // 1970 would trigger alerts about the age

        Family(text, name, "gauge", $"{help[..^1]}, in seconds since 1970; absent before the first.");
        Sample(text, name, Seconds(time.Value));
    }

    private static void Family(StringBuilder text, string name, string type, string help) =>
        text.Append("# HELP ").Append(name).Append(' ').Append(help).Append('\n')
            .Append("# TYPE ").Append(name).Append(' ').Append(type).Append('\n');

    private static void Sample(StringBuilder text, string name, string value, params ReadOnlySpan<(string Name, string Value)> labels)
    {
        text.Append(name);
        for (var i = 0; i < labels.Length; i++)
            text.Append(i == 0 ? '{' : ',').Append(labels[i].Name).Append("=\"").Append(Escaped(labels[i].Value)).Append('"');
        text.Append(labels.Length > 0 ? "} " : " ").Append(value).Append('\n');
    }

    private static string Escaped(string value) => value
        .Replace("\\", "\\\\", StringComparison.Ordinal)
        .Replace("\"", "\\\"", StringComparison.Ordinal)
        .Replace("\n", "\\n", StringComparison.Ordinal);

    private static string Number(bool value) => value ? "1" : "0";

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    private static string Seconds(DateTimeOffset time) => Number(time.ToUnixTimeMilliseconds() / 1000.0);
}
