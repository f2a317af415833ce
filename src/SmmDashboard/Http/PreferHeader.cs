using System.Globalization;
using SmmAgent.Contract;

namespace SmmDashboard.Http;

/// <summary>
/// Parses the preference <c>wait=SECONDS</c> of the header <c>Prefer</c> (RFC 7240), for which the framework has no parser.
/// </summary>
public static class PreferHeader
{
    /// <summary>
    /// Parses the seconds to wait, at most <see cref="DashboardApi.MaximumWaitSeconds"/>; null without a valid preference.
    /// </summary>
    public static int? ParseWait(IEnumerable<string?> headers)
    {
        foreach (var preference in headers.SelectMany(header => (header ?? "").Split(',')))
        {
            var pair = preference.Split(';')[0].Split('=', 2, StringSplitOptions.TrimEntries);
            if (pair.Length != 2 || !pair[0].Equals("wait", StringComparison.OrdinalIgnoreCase))
                continue;

            var seconds = pair[1].Trim('"');
            if (seconds.Length == 0 || !seconds.All(char.IsAsciiDigit))
                return null;

            return int.TryParse(seconds, NumberStyles.None, CultureInfo.InvariantCulture, out var value)
                ? Math.Min(value, DashboardApi.MaximumWaitSeconds)
                : DashboardApi.MaximumWaitSeconds;
        }

        return null;
    }
}
