namespace SmmAgent.Core.Checks;

/// <summary>The result of a check, from good to bad for a person.</summary>
public enum CheckStatus
{
    /// <summary>The check was not run; the line has the reason.</summary>
    Skipped,
    Pass,
    Warn,
    Fail,
}

/// <summary>One line of the report: the finding, and what to do about it.</summary>
/// <param name="Found">One line.</param>
/// <param name="Remediation">How to fix it, with a command where there is one; null when no action is needed.</param>
public sealed record CheckLine(CheckStatus Status, string Found, string? Remediation = null)
{
    /// <summary>The subject of the line where a check has several, for example <c>13.48.73.61:15012</c>; else null.</summary>
    public string? Subject { get; init; }

    /// <summary>How long a connection took; null where none was made.</summary>
    public double? LatencyMs { get; init; }

    public static CheckLine Pass(string found) => new(CheckStatus.Pass, found);

    public static CheckLine Warn(string found, string fix) => new(CheckStatus.Warn, found, fix);

    public static CheckLine Fail(string found, string fix) => new(CheckStatus.Fail, found, fix);

    public static CheckLine Skipped(string reason, string? fix = null) => new(CheckStatus.Skipped, reason, fix);
}

public static class CheckStatuses
{
    /// <summary>The word of the JSON report.</summary>
    public static string Name(this CheckStatus status) => status switch
    {
        CheckStatus.Pass => "pass",
        CheckStatus.Warn => "warn",
        CheckStatus.Fail => "fail",
        CheckStatus.Skipped => "skipped",
        _ => throw new ArgumentOutOfRangeException(nameof(status), status, null),
    };
}
