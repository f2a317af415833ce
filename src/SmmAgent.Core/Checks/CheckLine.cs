namespace SmmAgent.Core.Checks;

/// <summary>How a check ended, from good to bad as far as a person is concerned.</summary>
public enum CheckStatus
{
    /// <summary>It was not looked at, and the line says why.</summary>
    Skipped,
    Pass,
    Warn,
    Fail,
}

/// <summary>One line of the report: what was found, and what to do about it.</summary>
/// <param name="Found">One line.</param>
/// <param name="Remediation">What cures it, a command where there is one; null when nothing is to be done.</param>
public sealed record CheckLine(CheckStatus Status, string Found, string? Remediation = null)
{
    /// <summary>Which of several the line is about, for example <c>13.48.73.61:15012</c>; null where there is one only.</summary>
    public string? Subject { get; init; }

    /// <summary>How long a connection took; null where none was made.</summary>
    public double? LatencyMs { get; init; }

    public static CheckLine Pass(string found) => new(CheckStatus.Pass, found);

    public static CheckLine Warn(string found, string cure) => new(CheckStatus.Warn, found, cure);

    public static CheckLine Fail(string found, string cure) => new(CheckStatus.Fail, found, cure);

    public static CheckLine Skipped(string why, string? cure = null) => new(CheckStatus.Skipped, why, cure);
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
