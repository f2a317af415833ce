using System.Globalization;

namespace SmmAgent.Contract;

/// <summary>
/// The form of every time that the agent and the dashboard print: RFC 3339, in UTC, without fractions, as <c>2026-01-02T03:04:05Z</c>.
/// </summary>
public static class TimeText
{
    /// <summary>Formats a time.</summary>
    public static string Format(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
