using System.Text.Json;
using SmmAgent.Contract;
using SmmAgent.Core.Status;

namespace SmmAgent.Core.Checks;

/// <summary>Writes a <see cref="CheckReport"/>. The agent never reads one.</summary>
public static class CheckJson
{
    public static byte[] Write(CheckReport report) => JsonOutput.Write(report, static (writer, report) =>
    {
        writer.WriteString("agentVersion", report.AgentVersion);
        writer.WriteObject("workloadGroup", report.WorkloadGroup, StatusJson.Write);
        writer.WriteBoolean("root", report.Root);
        writer.WriteWholeSeconds("startedAt", report.StartedAt);
        writer.WriteObject("summary", report.Summary, Write);
        writer.WriteList("checks", report.Checks, Write);
    });

    private static void Write(Utf8JsonWriter writer, CheckSummary summary)
    {
        writer.WriteNumber("passed", summary.Passed);
        writer.WriteNumber("warnings", summary.Warnings);
        writer.WriteNumber("failed", summary.Failed);
        writer.WriteNumber("skipped", summary.Skipped);
    }

    private static void Write(Utf8JsonWriter writer, ReportedCheck check)
    {
        writer.WriteString("id", check.Id);
        writer.WriteString("group", check.Group);
        writer.WriteString("title", check.Title);
        writer.WriteString("status", check.Status);
        writer.WriteList("results", check.Results, Write);
    }

    private static void Write(Utf8JsonWriter writer, ReportedLine line)
    {
        writer.WriteString("status", line.Status);
        writer.WriteString("subject", line.Subject);
        writer.WriteString("found", line.Found);
        writer.WriteString("cure", line.Remediation);
        writer.WriteNumber("latencyMs", line.LatencyMs);
    }
}
