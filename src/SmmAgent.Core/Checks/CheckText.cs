using System.Globalization;
using System.Text;
using SmmAgent.Contract;

namespace SmmAgent.Core.Checks;

/// <summary>A report for people: groups with a heading, a mark and a line for each thing found, the fix below each problem.</summary>
public static class CheckText
{
    private const int TitleWidth = 17;

    public static string Write(CheckReport report, bool colour)
    {
        var text = new StringBuilder();
        text.Append(
            $"smm-agent {report.AgentVersion}  "
            + $"{OneLine.ReplaceUnprintable(report.WorkloadGroup?.ToString() ?? "no WorkloadGroup known")}\n");
        for (var group = CheckGroup.OperatingSystem; group <= CheckGroup.Host; group++)
        {
            var checks = report.Checks.Where(check => check.Group == group.Name()).ToList();
            if (checks.Count > 0)
                text.Append('\n').Append(Heading(group.Title(), colour)).Append('\n');
            foreach (var check in checks)
                foreach (var line in check.Results)
                    Line(text, check.Title, line, colour);
        }

        return text.Append('\n').Append(Summary(report.Summary)).Append('\n').ToString();
    }

    /// <summary><c>12 passed, 2 warnings, 1 failed, 3 skipped</c>.</summary>
    public static string Summary(CheckSummary summary) => string.Create(
        CultureInfo.InvariantCulture,
        $"{summary.Passed} passed, {summary.Warnings} {(summary.Warnings == 1 ? "warning" : "warnings")}, {summary.Failed} failed, "
            + $"{summary.Skipped} skipped");

    private static void Line(StringBuilder text, string title, ReportedLine line, bool colour)
    {
        var (mark, code) = line.Status switch
        {
            "pass" => ('✓', 32),
            "warn" => ('!', 33),
            "fail" => ('✗', 31),
            _ => ('–', 90),
        };
        text.Append("  ").Append(colour ? $"\e[{code}m{mark}\e[0m" : mark.ToString()).Append(' ').Append(title.PadRight(TitleWidth))
            .Append(' ');
        if (line.Subject is { } subject)
            text.Append(OneLine.ReplaceUnprintable(subject)).Append(' ');
        text.Append(OneLine.ReplaceUnprintable(line.Found)).Append('\n');
        if (line.Remediation is { } fix)
            text.Append("      → ").Append(OneLine.ReplaceUnprintable(fix)).Append('\n');
    }

    private static string Heading(string title, bool colour) => colour ? $"\e[1m{title}\e[0m" : title;
}
