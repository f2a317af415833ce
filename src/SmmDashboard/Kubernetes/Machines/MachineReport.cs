using System.Globalization;
using System.Text.Json;
using SmmAgent.Contract;
using SmmDashboard.Agents;
using SmmDashboard.Kubernetes.Objects;

namespace SmmDashboard.Kubernetes.Machines;

/// <summary>A report as it is written: cut to the limits of the schema, without characters that could mislead a terminal.</summary>
internal sealed record MachineReport(MachineSpec Spec, DateTimeOffset SeenAt, long Fingerprint, ReadOnlyMemory<byte> Status)
{
    public const int MostConditions = 32;
    private const int MostAddresses = 32;

    /// <param name="report">From the agent: anything may be in it.</param>
    /// <param name="known">The object before.</param>
    /// <param name="context">What the dashboard adds.</param>
    public static MachineReport Of(AgentReport report, AttachedMachine known, ReportContext context)
    {
        var status = new MachineStatus
        {
            Host = Cut(report.Host.Hostname, 253),
            OperatingSystem = Cut(report.Host.Os, 128),
            Address = report.Address?.Value,
            InterfaceAddresses = [.. report.InterfaceAddresses.Select(address => address.Split('%', 2)[0]).Distinct().Take(MostAddresses)],
            AgentVersion = Cut(report.Versions.Agent, 64),
            SidecarVersion = report.Versions.Sidecar is { } sidecar ? Cut(sidecar, 64) : null,
            WorkloadEntry = context.WorkloadEntry,
            LastReportTime = context.SeenAt,
            ConnectedTo = context.Replica,
            Conditions =
            [
                Connected(known, context.SeenAt),
                .. (Attachment.Of(report.Conditions) is { } attached ? [attached] : (Condition[])[])
                    .Concat(report.Conditions.Where(condition => condition.Type is not (AttachedMachine.AgentConnected or Attachment.Type)))
                    .Take(MostConditions - 1).Select(Condition),
            ],
            Instances = Instances(context.Instances),
        };
        var spec = new MachineSpec { WorkloadGroup = known.WorkloadGroup, KeySha256 = Convert.ToHexStringLower(known.KeySha256) };
        return new(spec, context.SeenAt, AttachedMachine.FingerprintOf(status), JsonSerializer.SerializeToUtf8Bytes(status, MachineJson.Default.MachineStatus));
    }

    public static IReadOnlyList<MachineInstance> Instances(AgentInstances instances) =>
    [
        .. instances.Seen.Select(one => new MachineInstance
        {
            Id = one.Id, Host = Cut(one.Hostname, 253), Address = one.Address, FirstSeen = one.FirstSeen, LastSeen = one.LastSeen,
        }),
    ];

    /// <summary>The condition of a machine from which no report has come.</summary>
    public static MachineCondition Silent(DateTimeOffset since, DateTimeOffset now) => new()
    {
        Type = AttachedMachine.AgentConnected,
        Status = "False",
        Reason = "Silent",
        Message = string.Create(CultureInfo.InvariantCulture, $"no report since {since.UtcDateTime:yyyy-MM-dd HH:mm} UTC: check the VM, smm-agent on it and its way to the dashboard"),
        LastTransitionTime = now,
    };

    private static MachineCondition Connected(AttachedMachine known, DateTimeOffset now) => new()
    {
        Type = AttachedMachine.AgentConnected,
        Status = "True",
        Reason = "Reporting",
        Message = "the agent reports to the dashboard",
        LastTransitionTime = known.IsConnected is true ? known.ConnectedChanged : now,
    };

    private static MachineCondition Condition(Condition condition) => new()
    {
        Type = Cut(condition.Type, 64),
        Status = condition.Status,
        Reason = Cut(condition.Reason, 64),
        Message = Cut(condition.Message, 256),
        LastTransitionTime = condition.LastTransitionTime,
    };

    // kubectl prints what it gets.
    private static string Cut(string text, int longest) => OneLine.Exact(text, '?', longest);
}

/// <summary>What the dashboard knows beside a report.</summary>
/// <param name="SeenAt">When it came.</param>
/// <param name="Replica">This replica.</param>
/// <param name="WorkloadEntry">The name of the VM's WorkloadEntry; null without one.</param>
/// <param name="Instances">The hosts under this identity, with this report.</param>
internal sealed record ReportContext(DateTimeOffset SeenAt, string Replica, string? WorkloadEntry, AgentInstances Instances);
