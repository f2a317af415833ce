using System.Globalization;
using System.Text;
using SmmAgent.Checks.Observations;
using SmmAgent.Contract;
using SmmAgent.Core.Checks;
using SmmAgent.Core.Text;
using SmmAgent.Host;

namespace SmmAgent.Cli.Output;

/// <param name="IsVerbose">Whether passed and skipped checks are shown as well.</param>
/// <param name="IsFailedOnly">Whether only failures are shown.</param>
/// <param name="Next">What comes next if no check failed; null for nothing.</param>
public sealed record CheckTextOptions(bool IsVerbose = false, bool IsFailedOnly = false, string? Next = null);

/// <summary>
/// Formats the report of <c>smm-agent check</c>: one line for each group, its warnings, and at the end the failures and the next step,
/// where the end of a long output is seen.
/// </summary>
public sealed class CheckText(CheckReport report, OutputStyle style, CheckTextOptions options)
{
    private const int TitleWidth = 17;

    private readonly StringBuilder _text = new();

    public string Write()
    {
        var name = OneLine.ReplaceUnprintable(report.WorkloadGroup?.ToString() ?? "no WorkloadGroup known");
        _text.Append($"smm-agent {report.AgentVersion}  {name}\n");
        if (!options.IsFailedOnly)
        {
            _text.Append('\n');
            for (var group = CheckGroup.OperatingSystem; group <= CheckGroup.Host; group++)
                Group(group);
        }

        Failures();
        _text.Append('\n').Append(Summary(report.Summary)).Append('\n');
        NeedsRoot();
        if (Next() is { } next)
            _text.Append("next: ").Append(OneLine.ReplaceUnprintable(next)).Append('\n');
        return style.Encode(_text.ToString());
    }

    /// <summary><c>12 passed, 2 warnings, 1 failed, 3 skipped</c>.</summary>
    public static string Summary(CheckSummary summary) => string.Create(
        CultureInfo.InvariantCulture,
        $"{summary.Passed} passed, {summary.Warnings} {(summary.Warnings == 1 ? "warning" : "warnings")}, {summary.Failed} failed, "
            + $"{summary.Skipped} skipped");

    private void Group(CheckGroup group)
    {
        var checks = report.Checks.Where(check => check.Group == group.Name()).ToList();
        if (checks.Count == 0)
            return;

        var counts = CheckSummary.From(checks);
        var mark = counts switch { { Failed: > 0 } => '✗', { Warnings: > 0 } => '!', { Passed: > 0 } => '✓', _ => '–' };
        _text.Append("  ").Append(style.Mark(mark)).Append(' ').Append(style.Bold(group.Title().PadRight(TitleWidth))).Append(' ')
            .Append(Counts(counts)).Append('\n');
        foreach (var check in checks)
        {
            foreach (var line in check.Results.Where(line => options.IsVerbose || line.Status == "warn"))
                Line(check, line, "      ");
        }
    }

    // Only what there is of each.
    private static string Counts(CheckSummary counts) => string.Join(", ", new[]
    {
        (counts.Passed, "passed"), (counts.Warnings, counts.Warnings == 1 ? "warning" : "warnings"), (counts.Failed, "failed"),
        (counts.Skipped, "skipped"),
    }.Where(count => count.Item1 > 0).Select(count => string.Create(CultureInfo.InvariantCulture, $"{count.Item1} {count.Item2}")));

    private void Failures()
    {
        var failed = report.Checks.SelectMany(check => check.Results.Where(line => line.Status == "fail").Select(line => (check, line)))
            .ToList();
        if (failed.Count == 0)
            return;

        _text.Append('\n').Append(style.Bold("Failed")).Append('\n');
        foreach (var (check, line) in failed)
            Line(check, line, "  ");
    }

    private void Line(ReportedCheck check, ReportedLine line, string indent)
    {
        var mark = line.Status switch { "pass" => '✓', "warn" => '!', "fail" => '✗', _ => '–' };
        var subject = line.Subject is { } one ? OneLine.ReplaceUnprintable(one) + " " : "";
        Wrap(
            $"{indent}{style.Mark(mark)} {check.Title.PadRight(TitleWidth)} ", indent + "    ",
            subject + OneLine.ReplaceUnprintable(line.Found));
        if (line.Remediation is { } remediation)
            Wrap($"{indent}    → ", indent + "      ", OneLine.ReplaceUnprintable(remediation));
    }

    // The lines that need root say so in their remediation.
    private void NeedsRoot()
    {
        var hidden = report.Checks.Where(check => check.Results.Any(line => line.Remediation == CheckContext.AsRoot)).ToList();
        if (hidden.Count > 0 && !report.Root)
        {
            Wrap("", "", $"not checked without root: {string.Join(", ", hidden.Select(check => check.Title))}; run: {CheckContext.AsRoot}");
        }
    }

    private string? Next() =>
        report.Checks.SelectMany(check => check.Results).FirstOrDefault(line => line.Status == "fail")?.Remediation ?? options.Next;

    private void Wrap(string first, string next, string text)
    {
        foreach (var line in TextWrap.Lines(first, next, text, style.Width))
            _text.Append(line).Append('\n');
    }
}
