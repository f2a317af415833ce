using System.Security.Cryptography.X509Certificates;
using SmmAgent.Contract;
using SmmAgent.Core.Conditions;
using SmmAgent.Core.Reachability;
using static SmmAgent.Core.Status.MetricsWriter;

namespace SmmAgent.Core.Status;

/// <summary>The metrics of the agent in the text format of Prometheus.</summary>
/// <remarks>No label has values that change with the infrastructure, such as the addresses of a gateway behind a DNS name.</remarks>
public static class MetricsText
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private static readonly ConditionStatus[] Statuses = [ConditionStatus.True, ConditionStatus.False, ConditionStatus.Unknown];

    public static string Write(AgentStatus status, AgentSnapshot snapshot, ProcessFacts process)
    {
        var text = new MetricsWriter();
        Agent(text, status, process);
        Attachment(text, status.Attachment);
        WriteConditions(text, status.Conditions);
        Gateways(text, snapshot.Reachability.Gateways);
        Ports(text, status.Ports);

        text.Gauge("smm_agent_listener_up", "Whether the agent listens on its own port.");
        foreach (var listener in snapshot.Listeners.Listeners)
            text.Sample("smm_agent_listener_up", Number(listener.Error is null), ("port", Number(listener.Port)), ("name", listener.Name));

        Times(text, snapshot);
        text.Gauge("smm_agent_settings_faults",
            "Errors in the newest agent.yaml; if there are any, the last valid settings are in effect.");
        text.Sample("smm_agent_settings_faults", Number(snapshot.Settings.Errors.Count));
        Counters(text, snapshot.Counts);
        Process(text, process);
        return text.ToString();
    }

    private static void Agent(MetricsWriter text, AgentStatus status, ProcessFacts process)
    {
        text.Gauge("smm_agent_build_info", "The version of the agent; always 1.");
        text.Sample("smm_agent_build_info", "1", ("version", process.Version));
        text.Gauge("smm_agent_info", "The identity of the VM; always 1. An unknown value is empty.");
        text.Sample(
            "smm_agent_info",
            "1",
            ("version", process.Version),
            ("namespace", status.WorkloadGroup?.Namespace ?? ""),
            ("workload_group", status.WorkloadGroup?.Name ?? ""),
            ("node_ip", status.Address?.Value ?? ""));
        text.Gauge("smm_agent_hung_loops", "Loops of the agent that make no progress; with any, systemd's watchdog restarts the agent.");
        text.Sample("smm_agent_hung_loops", Number(process.HungLoops));
    }

    private static void Attachment(MetricsWriter text, AttachmentStatus? attachment)
    {
        const string Name = "smm_agent_attachment";
        text.Gauge(Name, "1 for the verdict about the VM, as smm-agent status prints it.");
        // A running daemon always has a verdict.
        foreach (var state in Enum.GetValues<AttachmentState>().Where(state => state != AttachmentState.Unknown))
            text.Sample(Name, Number(state == AttachmentStates.Parse(attachment?.State)), ("state", state.Name()));
    }

    private static void WriteConditions(MetricsWriter text, IReadOnlyList<Condition> conditions)
    {
        text.Gauge("smm_agent_condition", "1 for the status that the condition has.");
        foreach (var condition in conditions)
        {
            foreach (var status in Statuses)
            {
                var name = status.ToString();
                text.Sample("smm_agent_condition", Number(condition.Status == name), ("type", condition.Type), ("status", name));
            }
        }

        text.Gauge("smm_agent_condition_reason", "1 for the reason that the condition has; other reasons have no sample.");
        foreach (var condition in conditions)
            text.Sample("smm_agent_condition_reason", "1", ("type", condition.Type), ("reason", condition.Reason));

        text.Gauge("smm_agent_condition_last_transition_time_seconds",
            "When the status of the condition last changed, in seconds since 1970.");
        foreach (var condition in conditions)
        {
            var since = Seconds(condition.LastTransitionTime);
            text.Sample("smm_agent_condition_last_transition_time_seconds", since, ("type", condition.Type));
        }
    }

    // The addresses of a gateway come and go with its load balancer, so they are counted and not named.
    private static void Gateways(MetricsWriter text, IReadOnlyList<GatewayResult> gateways)
    {
        // A captured address is neither reachable nor unreachable.
        var ports = gateways.Where(probe => probe.Outcome != Outcome.Captured)
            .GroupBy(probe => (probe.Name, probe.Port))
            .Select(port => (
                Labels: (ReadOnlyMemory<(string, string)>)new[] { ("gateway", port.Key.Name), ("port", Number(port.Key.Port)) },
                Probes: port.DistinctBy(probe => probe.Address).ToList()))
            .ToList();

        text.Gauge("smm_agent_gateway_up", "Whether any address of this port of a gateway, or direct endpoint, is reachable.");
        foreach (var (labels, probes) in ports)
            text.Sample("smm_agent_gateway_up", Number(probes.Exists(IsReachable)), labels.Span);

        text.Gauge("smm_agent_gateway_addresses", "Addresses of a gateway, or direct endpoint, that are probed at this port.");
        foreach (var (labels, probes) in ports)
            text.Sample("smm_agent_gateway_addresses", Number(probes.Count), labels.Span);

        text.Gauge("smm_agent_gateway_addresses_reachable", "Addresses whose last probes at this port succeeded.");
        foreach (var (labels, probes) in ports)
            text.Sample("smm_agent_gateway_addresses_reachable", Number(probes.Count(IsReachable)), labels.Span);

        text.Gauge("smm_agent_gateway_connect_seconds", "Duration of the last connection to the slowest address.");
        foreach (var (labels, probes) in ports)
        {
            if (probes.Max(probe => probe.Latency) is { } slowest)
                text.Sample("smm_agent_gateway_connect_seconds", Number(slowest.TotalSeconds), labels.Span);
        }
    }

    private static bool IsReachable(GatewayResult probe) => probe.Outcome == Outcome.Ok;

    private static void Ports(MetricsWriter text, IReadOnlyList<PortStatus> ports)
    {
        text.Gauge("smm_agent_port_open", "Whether the firewall of the host admits the cluster; absent if it cannot be observed.");
        foreach (var port in ports.Where(port => port.Open is not null))
            text.Sample("smm_agent_port_open", Number(port.Open == true), ("port", Number(port.Port)), ("name", port.Name));

        text.Gauge("smm_agent_port_reachable_from_cluster", "Whether the cluster reached the port; absent before the first attempt.");
        foreach (var port in ports.Where(port => port.ReachableFromCluster is not null))
        {
            var reached = Number(port.ReachableFromCluster == true);
            text.Sample("smm_agent_port_reachable_from_cluster", reached, ("port", Number(port.Port)), ("name", port.Name));
        }
    }

    private static void Times(MetricsWriter text, AgentSnapshot snapshot)
    {
        text.Time("smm_agent_mesh_config_received_time_seconds",
            "When the dashboard sent the mesh configuration in effect, in seconds since 1970.", snapshot.Mesh.ReceivedAt);
        text.Time("smm_agent_last_report_time_seconds",
            "When the dashboard last accepted a report, in seconds since 1970.", snapshot.Cluster.ReportedAt);
        text.Time("smm_agent_token_expiry_timestamp_seconds",
            "When the bearer token expires, in seconds since 1970; absent for a token that does not contain its expiry.",
            snapshot.Settings.Token?.Expires);
        text.Time("smm_agent_sidecar_token_expiry_timestamp_seconds",
            "When the token of the sidecar expires, in seconds since 1970.", snapshot.Sidecar.Token?.Expires);

        const string Certificates = "smm_agent_certificate_expiry_timestamp_seconds";
        text.Gauge(Certificates, "When a certificate expires, in seconds since 1970; absent before it was observed.");
        (string Which, DateTimeOffset? Expiry)[] certificates =
        [
            ("dashboard", snapshot.Reachability.DashboardCertificateExpiry),
            ("gateways", snapshot.Reachability.GatewayCertificateExpiry),
            ("mesh-root", RootExpiry(snapshot.Mesh.Config)),
            ("sidecar", snapshot.Sidecar.CertificateExpiry),
        ];
        foreach (var (which, expiry) in certificates)
        {
            if (expiry is { } known)
                text.Sample(Certificates, Seconds(known), ("which", which));
        }
    }

    // While the roots are rotated there are two, and the old one may expire. The reader of the contract has parsed them before.
    private static DateTimeOffset? RootExpiry(MeshConfig? config)
    {
        var roots = new X509Certificate2Collection();
        if (config is not null)
            roots.ImportFromPem(config.Mesh.RootCertificate);
        DateTimeOffset? last = null;
        foreach (var root in roots)
        {
            using (root)
            {
                DateTimeOffset expiry = root.NotAfter;
                last = last > expiry ? last : expiry;
            }
        }

        return last;
    }

    private static void Counters(MetricsWriter text, EventCounts counts)
    {
        Counter("smm_agent_firewall_repairs_total", "Changes that the daemon made to the firewall of the host.",
            (null, CountedEvent.FirewallRepaired));
        Counter("smm_agent_reconciles_total", "Privileged reconciles whose report the daemon read, by outcome.",
            (("outcome", "succeeded"), CountedEvent.ReconcileSucceeded), (("outcome", "failed"), CountedEvent.ReconcileFailed));
        Counter("smm_agent_probes_total", "Probes of a port, by target.",
            (("target", "gateway"), CountedEvent.GatewayProbed), (("target", "dashboard"), CountedEvent.DashboardProbed));
        Counter("smm_agent_probe_failures_total", "Probes of a port that failed, by target.",
            (("target", "gateway"), CountedEvent.GatewayProbeFailed), (("target", "dashboard"), CountedEvent.DashboardProbeFailed));
        Counter("smm_agent_mesh_config_fetches_total", "Requests for the mesh configuration, by outcome.",
            (("outcome", "changed"), CountedEvent.ConfigurationChanged),
            (("outcome", "not-modified"), CountedEvent.ConfigurationNotModified),
            (("outcome", "cut-off"), CountedEvent.ConfigurationCutOff),
            (("outcome", "failed"), CountedEvent.ConfigurationFailed));
        Counter("smm_agent_reports_total", "Reports to the dashboard, by outcome.",
            (("outcome", "accepted"), CountedEvent.ReportAccepted), (("outcome", "failed"), CountedEvent.ReportFailed));
        Counter("smm_agent_sidecar_restarts_total", "Restarts of the sidecar that the daemon observed.",
            (null, CountedEvent.SidecarRestarted));

        void Counter(string name, string help, params ReadOnlySpan<((string Name, string Value)? Label, CountedEvent Counted)> samples)
        {
            text.Counter(name, help);
            foreach (var (label, counted) in samples)
                text.Sample(name, Number(counts[counted]), label is { } one ? [one] : []);
        }
    }

    /// <summary>The metrics that every client library of Prometheus has.</summary>
    private static void Process(MetricsWriter text, ProcessFacts process)
    {
        var usage = process.Usage;
        text.Counter("process_cpu_seconds_total", "Total user and system CPU time spent in seconds.");
        text.Sample("process_cpu_seconds_total", Number(usage.CpuTime.TotalSeconds));
        text.Time("process_start_time_seconds", "Start time of the process since unix epoch in seconds.", process.StartedAt);
        Gauge("process_resident_memory_bytes", "Resident memory size in bytes.", usage.ResidentBytes);
        Gauge("process_virtual_memory_bytes", "Virtual memory size in bytes.", usage.VirtualBytes);
        Gauge("process_open_fds", "Number of open file descriptors.", usage.OpenFiles);
        Gauge("process_max_fds", "Maximum number of open file descriptors.", usage.MaximumOpenFiles);

        void Gauge(string name, string help, long? value)
        {
            text.Gauge(name, help);
            if (value is { } known)
                text.Sample(name, Number(known));
        }
    }
}
