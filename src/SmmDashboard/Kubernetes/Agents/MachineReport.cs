using System.Globalization;
using System.Text.Json;
using SmmAgent.Contract;
using SmmDashboard.Admin.Machines;
using SmmDashboard.Agents;
using SmmDashboard.Kubernetes.Objects;

namespace SmmDashboard.Kubernetes.Agents;

/// <summary>A report as it is written: cut to the limits of the schema, without characters that could mislead a terminal.</summary>
internal sealed record MachineReport(MachineSpec Spec, DateTimeOffset SeenAt, long Fingerprint, ReadOnlyMemory<byte> Status)
{
    public const int MostConditions = 32;
    private const int MostAddresses = 32;

    /// <summary>
    /// The maximum size of a status: the holder of a token controls the content of reports and the number of machines. A usual status has
    /// some 3 KiB.
    /// </summary>
    public const int MaximumBytes = 6 * 1024;

    // From the largest to the smallest status; the first that fits is written.
    private static readonly (int Conditions, int Message, int Addresses, int Instances)[] Sizes =
        [(MostConditions, 256, MostAddresses, AgentInstances.Limit), (MostConditions, 96, 8, AgentInstances.Limit), (16, 64, 4, 2),
            (4, 32, 1, 1), (1, 0, 0, 0)];

    /// <param name="report">From the agent, and not to be trusted.</param>
    /// <param name="known">The object before.</param>
    /// <param name="context">The data that the dashboard adds.</param>
    public static MachineReport From(AgentReport report, AttachedMachine known, ReportContext context)
    {
        var spec = new MachineSpec { WorkloadGroup = known.WorkloadGroup, KeySha256 = Convert.ToHexStringLower(known.KeySha256) };
        foreach (var size in Sizes)
        {
            var status = StatusOf(report, known, context, size);
            var bytes = JsonSerializer.SerializeToUtf8Bytes(status, MachineJson.Default.MachineStatus);
            if (bytes.Length <= MaximumBytes || size == Sizes[^1])
                return new(spec, context.SeenAt, AttachedMachine.FingerprintOf(status), bytes);
        }

        throw new InvalidOperationException("the smallest size is always written");
    }

    private static MachineStatus StatusOf(
        AgentReport report, AttachedMachine known, ReportContext context,
        (int Conditions, int Message, int Addresses, int Instances) size) =>
        new()
        {
            Host = Cut(report.Host.Hostname, 253),
            OperatingSystem = Cut(report.Host.Os, 128),
            Address = report.Detached ? known.Address?.ToString() : report.Address?.Value,
            InterfaceAddresses = [.. report.InterfaceAddresses.Select(address => address.Split('%', 2)[0]).Distinct().Take(size.Addresses)],
            AgentVersion = Cut(report.Versions.Agent, 64),
            SidecarVersion = report.Versions.Sidecar is { } sidecar ? Cut(sidecar, 64) : null,
            WorkloadEntry = context.WorkloadEntry,
            LastReportTime = context.SeenAt,
            ConnectedTo = context.Replica,
            Conditions =
            [
                report.Detached ? Detached(known, context.SeenAt) : Connected(known, context.SeenAt),
                .. (Attachment.Evaluate(report, context.SeenAt) is { } attached ? [attached] : (Condition[])[])
                    .Concat(report.Conditions.Where(condition => condition.Type is not (AttachedMachine.AgentConnected or Attachment.Type)))
                    .Take(size.Conditions - 1).Select(condition => Condition(condition, size.Message)),
            ],
            Instances = [.. Instances(context.Instances).TakeLast(size.Instances)],
        };

    /// <summary>What is shown of the last report of a machine.</summary>
    public static MachineReportView View(MachineDocument document) => new()
    {
        OperatingSystem = document.Status?.OperatingSystem ?? "",
        InterfaceAddresses = document.Status?.InterfaceAddresses ?? [],
        WorkloadEntry = document.Status?.WorkloadEntry,
        ConnectedTo = document.Status?.ConnectedTo,
        Conditions =
        [
            .. (document.Status?.Conditions ?? []).Select(condition => new Condition
            {
                Type = condition.Type, Status = condition.Status, Reason = condition.Reason, Message = condition.Message,
                LastTransitionTime = condition.LastTransitionTime,
            }),
        ],
    };

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
        Message = string.Create(
            CultureInfo.InvariantCulture,
            $"no report since {since.UtcDateTime:yyyy-MM-dd HH:mm} UTC: check the VM, smm-agent on it and its way to the dashboard"),
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

    private static MachineCondition Detached(AttachedMachine known, DateTimeOffset now) => new()
    {
        Type = AttachedMachine.AgentConnected,
        Status = "False",
        Reason = Attachment.Detached,
        Message = "the agent was detached, and reports again when it is attached; this object is deleted after a day",
        LastTransitionTime = known.IsConnected is false ? known.ConnectedChanged : now,
    };

    private static MachineCondition Condition(Condition condition, int longest) => new()
    {
        Type = Cut(condition.Type, 64),
        Status = condition.Status,
        Reason = Cut(condition.Reason, 64),
        Message = longest == 0 ? "" : Cut(condition.Message, longest),
        LastTransitionTime = condition.LastTransitionTime,
    };

    // kubectl prints such texts unchanged.
    private static string Cut(string text, int longest) => OneLine.ReplaceUnprintable(text, '?', longest);
}

/// <summary>The data that the dashboard knows in addition to a report.</summary>
/// <param name="SeenAt">When it came.</param>
/// <param name="Replica">This replica.</param>
/// <param name="WorkloadEntry">The name of the VM's WorkloadEntry; null without one.</param>
/// <param name="Instances">The hosts under this identity, with this report.</param>
internal sealed record ReportContext(DateTimeOffset SeenAt, string Replica, string? WorkloadEntry, AgentInstances Instances);
