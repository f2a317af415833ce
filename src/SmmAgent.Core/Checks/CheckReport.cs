using SmmAgent.Core.Status;

namespace SmmAgent.Core.Checks;

/// <summary>What <c>smm-agent check --output json</c> prints; docs/check.schema.json describes it. Every member is always there.</summary>
/// <param name="WorkloadGroup">Null while it is not set, or where this user may not read it.</param>
/// <param name="Root">Whether it ran as root; without, some checks are skipped.</param>
public sealed record CheckReport(
    string AgentVersion, GroupName? WorkloadGroup, bool Root, DateTimeOffset StartedAt, CheckSummary Summary,
        IReadOnlyList<ReportedCheck> Checks)
{
    public static CheckReport Create(
        string agentVersion, GroupName? group, bool root, DateTimeOffset startedAt, IReadOnlyList<ReportedCheck> checks) =>
        new(agentVersion, group, root, startedAt, CheckSummary.From(checks), checks);
}

/// <summary>How many lines there are of each status.</summary>
public sealed record CheckSummary(int Passed, int Warnings, int Failed, int Skipped)
{
    public static CheckSummary From(IReadOnlyList<ReportedCheck> checks)
    {
        return new(Count(CheckStatus.Pass), Count(CheckStatus.Warn), Count(CheckStatus.Fail), Count(CheckStatus.Skipped));

        int Count(CheckStatus status) => checks.Sum(check => check.Results.Count(line => line.Status == status.Name()));
    }
}

/// <summary>One check and its lines.</summary>
/// <param name="Id">Stable: programs may rely on it.</param>
/// <param name="Group">The word of <see cref="CheckGroups.Name"/>.</param>
/// <param name="Status">The worst of its lines.</param>
public sealed record ReportedCheck(string Id, string Group, string Title, string Status, IReadOnlyList<ReportedLine> Results)
{
    public static ReportedCheck Create(string id, CheckGroup group, string title, IReadOnlyList<CheckLine> lines) => new(
        id,
        group.Name(),
        title,
        lines.Max(line => line.Status).Name(),
        lines.Select(line => new ReportedLine(line.Status.Name(), line.Subject, line.Found, line.Remediation, line.LatencyMs)).ToArray());
}

public sealed record ReportedLine(
    string Status, string? Subject, string Found, string? Remediation, double? LatencyMs);
