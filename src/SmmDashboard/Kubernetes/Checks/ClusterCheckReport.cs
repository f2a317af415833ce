using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using SmmAgent.Contract;

namespace SmmDashboard.Kubernetes.Checks;

/// <summary>The output of <c>smm-dashboard check --output json</c>. Every member is present; one that does not apply is null.</summary>
/// <param name="Server">The address of the API server.</param>
/// <param name="ServerVersion">Null when it does not answer.</param>
public sealed record ClusterCheckReport(
    string DashboardVersion, string Server, string? ServerVersion, DateTimeOffset StartedAt, ClusterCheckSummary Summary,
    IReadOnlyList<ReportedClusterCheck> Checks)
{
    /// <summary>The report for people: headings, a mark and a line for each result, and the remedy below each problem.</summary>
    public string Text()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"smm-dashboard {DashboardVersion}  {OneLine.ReplaceUnprintable(Server)}\n");
        foreach (var group in Checks.GroupBy(check => check.Group))
        {
            text.Append('\n').Append(group.Key).Append('\n');
            foreach (var check in group)
                foreach (var line in check.Results)
                    Write(text, check.Title, line);
        }

        return text.Append('\n').Append(Summary).Append('\n').ToString();
    }

    /// <summary>The report for programs.</summary>
    public string Json() => JsonSerializer.Serialize(this, ForPeopleToo.ClusterCheckReport);

    // "Unsafe" is about HTML, which this never gets into.
    private static readonly ClusterCheckJson ForPeopleToo =
        new(new JsonSerializerOptions(ClusterCheckJson.Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    private static void Write(StringBuilder text, string title, ReportedClusterCheckLine line)
    {
        var mark = line.Status switch
        {
            "pass" => '✓',
            "warn" => '!',
            "fail" => '✗',
            _ => '–',
        };
        text.Append("  ").Append(mark).Append(' ').Append(title.PadRight(17)).Append(' ');
        if (line.Subject is { } subject)
            text.Append(OneLine.ReplaceUnprintable(subject)).Append(' ');
        text.Append(OneLine.ReplaceUnprintable(line.Found)).Append('\n');
        if (line.Fix is { } fix)
            text.Append("      → ").Append(OneLine.ReplaceUnprintable(fix)).Append('\n');
    }
}

/// <summary>How many lines there are of each status.</summary>
public sealed record ClusterCheckSummary(int Passed, int Warnings, int Failed, int Skipped)
{
    public static ClusterCheckSummary From(IEnumerable<ReportedClusterCheck> checks)
    {
        var counts = checks.SelectMany(check => check.Results).CountBy(line => line.Status).ToDictionary();
        return new(Count("pass"), Count("warn"), Count("fail"), Count("skipped"));

        int Count(string status) => counts.GetValueOrDefault(status);
    }

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Passed} passed, {Warnings} {(Warnings == 1 ? "warning" : "warnings")}, {Failed} failed, {Skipped} skipped");
}

/// <summary>One check and its lines.</summary>
/// <param name="Id">Stable: programs may rely on it.</param>
/// <param name="Status">The worst of its lines: <c>fail</c>, <c>warn</c>, <c>pass</c> or <c>skipped</c>.</param>
public sealed record ReportedClusterCheck(
    string Id, string Group, string Title, string Status, IReadOnlyList<ReportedClusterCheckLine> Results)
{
    public static ReportedClusterCheck From(ClusterCheckDefinition check, IReadOnlyList<ClusterCheckLine> lines) => new(
        check.Id, check.Group, check.Title, Name(lines.Max(line => line.Status)),
        [.. lines.Select(line => new ReportedClusterCheckLine(Name(line.Status), line.Subject, line.Found, line.Fix))]);

    private static string Name(ClusterCheckStatus status) => status switch
    {
        ClusterCheckStatus.Pass => "pass",
        ClusterCheckStatus.Warn => "warn",
        ClusterCheckStatus.Fail => "fail",
        _ => "skipped",
    };
}

/// <param name="Fix">The key is that of <c>smm-agent check</c>.</param>
public sealed record ReportedClusterCheckLine(
    string Status, string? Subject, string Found, [property: JsonPropertyName("cure")] string? Fix);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true, Converters = [typeof(WholeSecondsJsonConverter)])]
[JsonSerializable(typeof(ClusterCheckReport))]
[JsonSerializable(typeof(ServerVersion))]
internal sealed partial class ClusterCheckJson : JsonSerializerContext;

/// <summary>The version that the API server reports.</summary>
/// <param name="GitVersion">For example <c>v1.33.1</c>.</param>
internal sealed record ServerVersion(string GitVersion);
