using SmmAgent.Checks.Observations;
using SmmAgent.Core.Checks;
using SmmAgent.Core.Conditions;
using SmmAgent.Core.Firewall.Diagnosis;
using SmmAgent.Core.Settings;

namespace SmmAgent.Checks.Ports;

/// <summary>Checks whether this host's firewall allows the cluster on every port.</summary>
internal sealed class PortsOpen() : Check("ports-open", CheckGroup.Ports, "Open")
{
    private const string CommandPrefix = "run: ";

    public override async Task<IReadOnlyList<CheckLine>> RunAsync(CheckContext context, CancellationToken cancel)
    {
        var firewall = await context.Firewall;
        if (firewall.UnreadableLine is { } unreadable)
            return [context.Daemon.LineFor(ConditionType.PortsOpen, AsRoot) ?? unreadable];

        // The operator need not open the ports that the agent opens, but they are blocked until then.
        var agentOpens = context.Settings.Settings.FirewallMode == ManagementMode.Manage && context.Daemon.Status is null;
        var hindrances = PortBlockers.FindAll(firewall.Desired, firewall.Report).ToLookup(hindrance => hindrance.Port);
        return
        [
            .. firewall.Desired.Ports.SelectMany(port => Lines(hindrances[port].ToList(), agentOpens)
                .Select(line => line with { Subject = $"{port.Port} ({port.Name})" })),
            .. firewall.Desired.Complete
                ? (CheckLine[])[]
                : [CheckLine.Skipped("the WorkloadGroup's ports are not known without a mesh configuration")],
        ];
    }

    private static IEnumerable<CheckLine> Lines(List<PortBlocker> hindrances, bool agentOpens)
    {
        if (hindrances.Count == 0)
            return [CheckLine.Pass("is open")];

        var (agents, others) = (hindrances.Where(Opens).ToList(), hindrances.Where(hindrance => !Opens(hindrance)));
        return
        [
            .. agents.Count > 0
                ? [CheckLine.Warn(
                    $"is blocked by {string.Join(" and ", agents.Select(hindrance => hindrance.Where))}; the agent will open it",
                    "sudo smm-agent reconcile")]
                : (CheckLine[])[],
            .. others.Select(hindrance => hindrance.IsCertain
                ? CheckLine.Fail($"is blocked by {hindrance.Where}", Fix(hindrance))
                : CheckLine.Warn($"may be blocked by {hindrance.Where}, which has rules that the agent cannot evaluate", Fix(hindrance))),
        ];

        bool Opens(PortBlocker hindrance) => agentOpens && hindrance.IsPlanned;
    }

    private static string Fix(PortBlocker hindrance) =>
        hindrance.Remediation.StartsWith(CommandPrefix, StringComparison.Ordinal)
            ? hindrance.Remediation[CommandPrefix.Length..]
            : hindrance.Remediation;
}
