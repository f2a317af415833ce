using System.Text.Json;
using SmmDashboard.Status;

namespace SmmDashboard.Admin.Machines;

/// <summary>Counts the agents by state, at each scrape.</summary>
public sealed class MachineMetrics(IMachineSource source, TimeProvider clock) : IMetricSource
{
    public IEnumerable<Metric> Metrics
    {
        get
        {
            var now = clock.GetUtcNow();
            var states = source.Machines.CountBy(machine => MachineVerdict.Evaluate(machine, now).State).ToDictionary();
            yield return Metric.Gauge("smm_dashboard_agents", "Agents by the state of their VM.",
                [.. Enum.GetValues<MachineState>().Select(state => new Sample(states.GetValueOrDefault(state), ("state", Name(state))))]);
        }
    }

    private static string Name(MachineState state) => JsonNamingPolicy.KebabCaseLower.ConvertName($"{state}");
}
