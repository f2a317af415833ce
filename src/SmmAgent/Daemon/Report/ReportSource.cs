using System.Text.Json;
using SmmAgent.Contract;
using SmmAgent.Core.Address;

namespace SmmAgent.Daemon.Report;

/// <summary>Puts together what the dashboard is told of this VM.</summary>
/// <param name="host">What the machine is, now: it may be renamed.</param>
/// <param name="interfaceAddresses">The addresses of the VM's own interfaces, now.</param>
/// <param name="conditions">All conditions, now.</param>
public sealed class ReportSource(
    Func<HostReport> host,
    Func<VersionReport> versions,
    Func<IReadOnlyList<string>> interfaceAddresses,
    Func<IReadOnlyList<Condition>> conditions,
    TimeProvider time)
{
    /// <summary>This boot, as <see cref="AgentReport.Instance"/> has it; null where it has no id.</summary>
    public string? Instance { get; init; }

    public AgentReport Make(ExternalAddress? address) => new()
    {
        Host = host(),
        Address = address is null ? null : new AddressReport(address.Value.ToString(), address.Source),
        InterfaceAddresses = interfaceAddresses(),
        Versions = versions(),
        Conditions = conditions(),
        ReportedAt = time.GetUtcNow(),
        Instance = Instance,
    };

    /// <summary>What must differ for a report to be news: all but its time.</summary>
    public static string Content(AgentReport report) =>
        JsonSerializer.Serialize(report with { ReportedAt = default }, ContractJson.Default.AgentReport);
}
