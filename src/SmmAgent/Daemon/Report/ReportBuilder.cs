using System.Text.Json;
using SmmAgent.Contract;
using SmmAgent.Core.Address;

namespace SmmAgent.Daemon.Report;

/// <summary>Builds the report of this VM to the dashboard.</summary>
public sealed class ReportBuilder(IReportSource source, TimeProvider time)
{
    public AgentReport Build(ExternalAddress? address) => new()
    {
        Host = source.Host,
        Address = address is null ? null : new AddressReport(address.Value.ToString(), address.Source),
        InterfaceAddresses = source.InterfaceAddresses,
        Versions = source.Versions,
        Conditions = source.Conditions,
        ReportedAt = time.GetUtcNow(),
        Instance = source.Instance,
    };

    /// <summary>The content whose change makes a new report due: everything except its time.</summary>
    public static string Content(AgentReport report) =>
        JsonSerializer.Serialize(report with { ReportedAt = default }, ContractJson.Default.AgentReport);
}
