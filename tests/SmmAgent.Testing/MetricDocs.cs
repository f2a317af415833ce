using System.Text.RegularExpressions;

namespace SmmAgent.Testing;

/// <summary>The metrics of docs/metrics.md, and those of an output, as <c>NAME TYPE</c> in alphabetical order.</summary>
public static partial class MetricDocs
{
    private const string InCluster = "cluster";

    /// <summary>The documented metrics of the agent.</summary>
    public static IReadOnlyList<string> OfAgent => [.. Rows("## Agent").Select(Name).Order(StringComparer.Ordinal)];

    /// <summary>The documented metrics of the dashboard.</summary>
    /// <param name="inCluster">Whether those that only exist in a cluster are included.</param>
    public static IReadOnlyList<string> OfDashboard(bool inCluster) =>
        [.. Rows("## Dashboard").Where(cells => inCluster || cells[3] != InCluster).Select(Name).Order(StringComparer.Ordinal)];

    /// <summary>The metrics of an output.</summary>
    public static IReadOnlyList<string> FromText(string text) =>
        [.. Family().Matches(text).Select(match => match.Groups[1].Value).Order(StringComparer.Ordinal)];

    private static string Name(string[] cells) => $"{cells[0].Trim('`')} {cells[1]}";

    private static IEnumerable<string[]> Rows(string heading) => File.ReadLines(Repository.PathOf("docs", "metrics.md"))
        .SkipWhile(line => line != heading).Skip(1)
        .TakeWhile(line => !line.StartsWith("## ", StringComparison.Ordinal))
        .Where(line => line.StartsWith("| `", StringComparison.Ordinal))
        .Select(line => line.Split('|', StringSplitOptions.TrimEntries)[1..^1]);

    [GeneratedRegex("^# TYPE ([a-z_]+ (?:gauge|counter))$", RegexOptions.Multiline)]
    private static partial Regex Family();
}
