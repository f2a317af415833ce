using System.Text;
using SmmAgent.Contract;
using SmmAgent.Core.Address;
using SmmAgent.Linux.Dashboard;

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
        Encoding.UTF8.GetString(DashboardJson.Write(report with { ReportedAt = default }));
}
