using System.Text.RegularExpressions;

namespace SmmAgent.Tests.Observability;

/// <summary>The names of metrics in queries. docs/metrics.md has those that exist: other tests compare it with the real output.</summary>
internal static partial class MetricNames
{
    private static readonly HashSet<string> Existing =
        [.. MetricDocs.OfAgent.Concat(MetricDocs.OfDashboard(inCluster: true)).Select(metric => metric.Split(' ')[0])];

    public static IEnumerable<string> UnknownIn(string text) =>
        Name().Matches(text).Select(match => match.Value).Distinct().Where(name => !Existing.Contains(name));

    [GeneratedRegex("\\b(smm_agent|smm_dashboard|process)_\\w+")]
    private static partial Regex Name();
}
