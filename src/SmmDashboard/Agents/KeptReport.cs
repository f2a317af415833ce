using SmmAgent.Contract;

namespace SmmDashboard.Agents;

/// <summary>A report that is kept in memory, so that the dashboard can show it.</summary>
/// <param name="Report">The report, cut to a small size.</param>
/// <param name="Summary">The part that the list of machines shows.</param>
public sealed record KeptReport(AgentReport Report, ObservedMachine Summary)
{
    private const int MaximumConditions = 32;
    private const int MaximumAddresses = 16;
    private const int LongestMessage = 500;
    private const int LongestName = 253;
    private const int LongestText = 64;

    /// <param name="report">The report of an agent: anything may be in it.</param>
    /// <param name="machine">The identity of the machine, its address and its instances.</param>
    public static KeptReport From(AgentReport report, ObservedMachine machine)
    {
        var cut = report with
        {
            Host = new HostReport(Cut(report.Host.Hostname, LongestName), Cut(report.Host.Os, 128), Cut(report.Host.Architecture, 32)),
            Address = report.Address is { } address ? address with { Source = Cut(address.Source, LongestName) } : null,
            InterfaceAddresses = [.. report.InterfaceAddresses.Take(MaximumAddresses)],
            Versions = new VersionReport(
                Cut(report.Versions.Agent, LongestText), report.Versions.Sidecar is { } sidecar ? Cut(sidecar, LongestText) : null),
            Conditions = [.. report.Conditions.Take(MaximumConditions).Select(Cut)],
        };
        return new KeptReport(cut, machine with
        {
            Host = cut.Host.Hostname,
            AgentVersion = cut.Versions.Agent,
            SidecarVersion = cut.Versions.Sidecar,
            Conditions = [.. cut.Conditions.Select(ConditionState.From)],
        });
    }

    private static Condition Cut(Condition condition)
    {
        // Type, status and reason of equal conditions are one text in memory.
        var state = ConditionState.From(condition);
        return condition with
        {
            Type = state.Type,
            Status = state.Status,
            Reason = state.Reason,
            Message = Cut(condition.Message, LongestMessage),
        };
    }

    private static string Cut(string text, int longest) => OneLine.ReplaceUnprintable(text, '?', longest);
}
